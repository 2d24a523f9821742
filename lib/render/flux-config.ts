import { dirname, join, posix } from 'node:path';
import * as z from 'zod/mini';
import { Failure } from '../domain/failure.ts';
import { formatProblem, problemsOf, wordIssue } from '../domain/settings/settings-problem.ts';
import { resolveInside } from './checkout-path.ts';
import { isFile, readBounded } from './read-bounded.ts';
import { readYaml } from './read-yaml.ts';

/** `.flux.yaml` (facts/flux-v1.md §1.7). Unknown keys are refused. */

const text = z.string().check(z.minLength(1));

/** Seconds; undefined for less than one, which Flux ignores. */
const timeout = z.pipe(
  z.string({ error: 'Expected a duration as text, such as 5s' }),
  z.transform((value, context) => {
    const seconds = goDuration(value);
    if (seconds !== undefined) return seconds < 1 ? undefined : seconds;
    context.issues.push({ code: 'custom', message: 'Expected a duration such as 5s or 1m30s', input: value });
    return z.NEVER;
  }),
);

const Command = z.strictObject({ command: text, timeout: z.optional(timeout) });
export type Command = z.infer<typeof Command>;

const generators = z.array(Command);
const updaters = z.array(z.strictObject({ containerImage: z.optional(Command), policy: z.optional(Command) }));
const version = z.literal(1);

const modes = {
  commandUpdated: z.strictObject({ generators, updaters: z._default(updaters, []) }),
  patchUpdated: z.strictObject({ generators, patchFile: text }),
  scanForFiles: z.strictObject({}),
};

const Document = z
  .strictObject({
    version,
    commandUpdated: z.optional(modes.commandUpdated),
    patchUpdated: z.optional(modes.patchUpdated),
    scanForFiles: z.optional(modes.scanForFiles),
  })
  .check(
    z.refine((document) => Object.keys(modes).filter((mode) => mode in document).length === 1, {
      error: 'Expected exactly one of commandUpdated, patchUpdated and scanForFiles',
    }),
  );

export type FluxConfig =
  | ({ readonly mode: 'commandUpdated' } & z.infer<(typeof modes)['commandUpdated']>)
  | ({ readonly mode: 'patchUpdated' } & z.infer<(typeof modes)['patchUpdated']>)
  | { readonly mode: 'scanForFiles' };

/** Throws a `user` Failure that lists every problem with its path. */
export function parseFluxConfig(source: string | Uint8Array, file: string): FluxConfig {
  const documents = readYaml(source, file);
  if (documents.length > 1)
    throw new Failure('user', `Cannot use "${file}": ${documents.length} documents, where one is expected`);
  const parsed = z.safeParse(Document, documents[0]?.value ?? null, { error: wordIssue });
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue)).map(formatProblem);
    throw new Failure('user', `Cannot use "${file}": ${problems.join('; ')}`, {
      help: 'The format: https://fluxcd.io/legacy/flux/references/fluxyaml-config-files/',
    });
  }
  const { commandUpdated, patchUpdated } = parsed.data;
  if (commandUpdated) return { mode: 'commandUpdated', ...commandUpdated };
  if (patchUpdated) return { mode: 'patchUpdated', ...patchUpdated };
  return { mode: 'scanForFiles' };
}

const unitSeconds: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a duration as Go's time.ParseDuration reads it. */
function goDuration(value: string): number | undefined {
  if (value === '0') return 0;
  if (!/^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d*)?)([a-zµ]+)/g)) {
    seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  }
  return seconds;
}

export interface FluxConfigPlace {
  /** Of the config file, relative to the checkout. */
  readonly file: string;
  /** Where generators run, relative to the checkout: the path itself, not the directory of the file. */
  readonly directory: string;
}

/** The `.flux.yaml` that holds for a path of the target: that of the path, or of the nearest directory above it in the checkout; the path may name it. */
export function findFluxConfig(root: string, path: string): FluxConfigPlace | undefined {
  if (posix.basename(path) === '.flux.yaml') return { file: path, directory: dirname(path) };
  for (let directory = path; ; directory = dirname(directory)) {
    const file = join(directory, '.flux.yaml');
    if (isFile(join(root, file))) return { file, directory: path };
    if (directory === '.') return undefined;
  }
}

export function readFluxConfig(root: string, file: string): FluxConfig {
  return parseFluxConfig(readBounded(resolveInside(root, file), file), file);
}
