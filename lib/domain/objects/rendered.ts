import type { Target } from '../settings/settings.ts';
import type { Manifest } from './kube-object.ts';

/** What a target's settings say about rendering. */
export interface RenderTarget
  extends Pick<
    Target,
    'name' | 'source' | 'renderer' | 'values' | 'valuesFiles' | 'allowCommands' | 'allowRemoteBases' | 'timeout'
  > {
  /** Where namespaced objects that name none will be applied: that of the target, else of its cluster's context. */
  readonly namespace: string;
}

export interface RenderRequest {
  /** The work tree of a checkout: absolute. */
  readonly directory: string;
  readonly target: RenderTarget;
  readonly signal?: AbortSignal;
}

/** A checkout to render: its files are written only if they have to be read. */
export interface CheckoutRequest {
  readonly checkout: {
    /** Changes exactly when what a render may read changes. */
    readonly treeId: string;
    /** Writes the files; gives the absolute path of the work tree. */
    write(): Promise<string>;
  };
  readonly target: RenderTarget;
  readonly signal?: AbortSignal;
}

export interface Rendered {
  readonly manifests: readonly Manifest[];
  /** What was left out, and what looks wrong but is allowed. */
  readonly warnings: readonly string[];
}
