import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { requiredBuiltins } from './required-builtins.ts';

export const functionNames = ['webhook', 'events', 'sync', 'release', 'check', 'schedule', 'api'] as const;
export type FunctionName = (typeof functionNames)[number];

export interface BundledFile {
  /** Relative to the function's folder. */
  readonly path: string;
  readonly data: Buffer;
}

export interface Bundle {
  readonly files: readonly BundledFile[];
  /** What is in it, and how much of each. */
  readonly metafile: Metafile;
}

const root = join(import.meta.dirname, '..');

/** One function with everything that it needs, minified: `<name>.mjs`, and beside it what it loads only when it is needed. */
export async function bundleFunction(name: FunctionName): Promise<Bundle> {
  const outdir = join(root, '.build');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'functions', `${name}.ts`)],
    outdir,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    chunkNames: 'lazy/[name]-[hash]',
    // Modules of the SDK as they were written, of which what is not used can be left out.
    mainFields: ['module', 'main'],
    plugins: [requiredBuiltins],
    alias: { '@aws-sdk/credential-provider-node': join(root, 'infra/lambda-credentials.ts') },
    // Packages of the older form ask for node's own modules by this name.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    // For browsers alone, and for calls that stream events, of which there are none.
    external: ['bowser', '@smithy/core/event-streams'],
    legalComments: 'none',
    logLevel: 'silent',
  });
  const files = outputFiles.map(({ path, contents }) => ({
    path: path.slice(outdir.length + 1),
    data: Buffer.from(contents),
  }));
  return { files, metafile };
}
