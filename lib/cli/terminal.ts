import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
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
  /** The line that someone types after `question`, empty if he ends the input; undefined where nobody can be asked. */
  ask(question: string): Promise<string | undefined>;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What is typed. */
export type Input = Readable & { readonly isTTY?: boolean };

export function createTerminal(out: Stream, err: Stream, environment: Environment, input?: Input): Terminal {
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
    async ask(question) {
      if (input?.isTTY !== true || err.isTTY !== true) return undefined;
      clear();
      err.write(question);
      // The terminal itself shows what is typed and lets it be corrected.
      const lines = createInterface({ input });
      try {
        const { value } = await lines[Symbol.asyncIterator]().next();
        return value ?? '';
      } finally {
        lines.close();
      }
    },
  };
}
