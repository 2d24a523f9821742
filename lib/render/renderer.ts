import { Failure } from '../domain/failure.ts';
import type { Rendered, RenderTarget } from '../domain/objects/rendered.ts';

/** What a renderer is given. It reads nothing outside of `root` (DESIGN §8). */
export interface RenderContext {
  /** The checkout: absolute, without symbolic links. */
  readonly root: string;
  /** What to render, relative to `root`: a directory or a file, which is there. */
  readonly path: string;
  readonly target: RenderTarget;
  /** Finds kubectl and helm; not called where neither is needed. */
  readonly tools: () => Promise<{ readonly kubectl: string; readonly helm: string }>;
  /** An empty directory of this render alone, 0700, removed at its end: HOME of children. */
  readonly scratch: string;
  /** The PATH of children that have to find programs: git for remote bases, and whatever allowed commands run. */
  readonly searchPath: string;
  /** What git on it needs beside: a bundled one does not find its own parts. */
  readonly gitEnvironment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export type Renderer = (context: RenderContext) => Promise<Rendered>;

export function concatenate(parts: readonly Rendered[]): Rendered {
  return {
    manifests: parts.flatMap(({ manifests }) => manifests),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}

/** Throws a `server` Failure once the run was stopped. */
export function checkStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new Failure('server', 'Cannot finish the render: the run was stopped', { code: 'Aborted' });
}
