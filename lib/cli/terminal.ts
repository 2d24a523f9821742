import { styleText } from 'node:util';
import type { Environment } from '../config.ts';

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Where the CLI prints. Results go to `out`, everything else to `err`. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Coloured on a terminal, unless NO_COLOR (no-color.org). */
  paint(style: Style, text: string): string;
  /** Like `paint`, for `err`. */
  paintError(style: Style, text: string): string;
  /** Columns that a line may take; undefined where `out` is no terminal, and lines are whole. */
  readonly width: number | undefined;
  /** One line that replaces itself, on a terminal only; an empty text takes it away. */
  progress(text: string): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function createTerminal(out: Stream, err: Stream, environment: Environment): Terminal {
  const live = err.isTTY === true && !environment.ci;
  let shown = false;
  function clear(): void {
    if (shown) err.write('\r\u001b[K');
    shown = false;
  }
  function paintFor(stream: Stream): Terminal['paint'] {
    const coloured = stream.isTTY === true && !environment.noColor;
    return (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text);
  }
  return {
    out(line) {
      clear();
      out.write(`${line}\n`);
    },
    err(line) {
      clear();
      err.write(`${line}\n`);
    },
    paint: paintFor(out),
    paintError: paintFor(err),
    width: out.isTTY === true ? (out.columns ?? environment.columns ?? 80) : undefined,
    progress(text) {
      if (!live) return;
      clear();
      err.write(text.slice(0, (err.columns ?? 80) - 1));
      shown = text !== '';
    },
  };
}
