import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument, visit } from 'yaml';
import { Failure } from './domain/failure.ts';
import { type CheckOptions, checkSettings } from './domain/settings/check-settings.ts';
import type { Settings } from './domain/settings/settings.ts';
import { formatProblem } from './domain/settings/settings-problem.ts';

/** What the process is told by its surroundings. Nothing else reads `process.env` (STYLE §2.10). */
export interface Environment {
  /** SLUICE_URL: the server that the CLI talks to. */
  readonly url?: string;
  /** SLUICE_TOKEN: the CLI's bearer token. */
  readonly token?: string;
  /** NO_COLOR is set, to anything but nothing (no-color.org), or TERM is `dumb`. */
  readonly noColor: boolean;
  /** CI is set: no questions, no progress lines. */
  readonly ci: boolean;
  /** COLUMNS: the width of a table where the terminal does not tell its own. */
  readonly columns?: number;
  /** KUBECONFIG: paths of kubeconfig files, parted by `:`. */
  readonly kubeconfig?: string;
  /** KUBEBUILDER_ASSETS: a directory that holds `kube-apiserver` and `etcd`. */
  readonly kubebuilderAssets?: string;
  /** HOME: where `~/.kube/config` is looked for. */
  readonly home?: string;
  /** PATH: where git, ssh and other programs are looked for. */
  readonly path: string;
  /** Every variable, for `{ env: NAME }` secrets (adapters/secrets.ts) alone; never handed to a child (DESIGN §8). */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** An empty variable counts as absent. */
export function readEnvironment(variables: Environment['variables'] = process.env): Environment {
  const columns = Number.parseInt(variables.COLUMNS ?? '', 10);
  return {
    ...(variables.SLUICE_URL ? { url: variables.SLUICE_URL } : {}),
    ...(variables.SLUICE_TOKEN ? { token: variables.SLUICE_TOKEN } : {}),
    noColor: Boolean(variables.NO_COLOR) || variables.TERM === 'dumb',
    ci: Boolean(variables.CI) && variables.CI !== 'false',
    ...(columns > 0 ? { columns } : {}),
    ...(variables.KUBECONFIG ? { kubeconfig: variables.KUBECONFIG } : {}),
    ...(variables.KUBEBUILDER_ASSETS ? { kubebuilderAssets: variables.KUBEBUILDER_ASSETS } : {}),
    ...(variables.HOME ? { home: variables.HOME } : {}),
    path: variables.PATH || '/usr/local/bin:/usr/bin:/bin',
    variables,
  };
}

const maxBytes = 1024 * 1024;
// Enough for anchors shared by 500 targets; an alias bomb needs nesting, and yaml counts what an alias expands to.
const maxAliases = 1000;
// A broken bracket makes yaml report every one that is open.
const maxProblems = 50;

/**
 * The settings of the `sluice.yaml` at `path`, checked and with defaults (DESIGN §5.1). Throws a Failure: `missing` if there is no such file,
 * `user` if it is wrong, its message listing every problem on a line of its own.
 */
export function readSettings(path: string, options: CheckOptions): Settings {
  const { settings, problems } = checkSettings(parseYaml(path, readBounded(path)), options);
  if (problems !== undefined) throw refuse(path, problems.map(formatProblem));
  return settings;
}

function parseYaml(path: string, text: string): unknown {
  const lines = new LineCounter();
  function locate(offset: number, message: string): string {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}: ${message}`;
  }
  // Merge keys: targets of many clusters share most of what they say.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  if (document.errors.some(({ message }) => message.includes('call stack'))) throw refuse(path, ['Nested too deeply']);
  const problems = document.errors.map(({ pos, code, message }) =>
    locate(pos[0], code === 'MULTIPLE_DOCS' ? 'Expected one document, found another' : message),
  );
  const anchors = new Set<string>();
  visit(document, {
    Value: (_, node) => void (node.anchor && anchors.add(node.anchor)),
    Alias: (_, { source, range }) =>
      void (
        anchors.has(source) || problems.push(locate(range?.[0] ?? 0, `No anchor named ${source} before this alias`))
      ),
  });
  if (problems.length > 0) throw refuse(path, problems);
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    throw refuse(path, ['Aliases stand for too much'], cause);
  }
}

function refuse(path: string, problems: readonly string[], cause?: unknown): Failure {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : [];
  const lines = [`Cannot use "${path}": ${count}`, ...problems.slice(0, maxProblems), ...more];
  return new Failure('user', lines.join('\n  '), {
    code: 'InvalidSettings',
    help: 'Correct the file and try "sluice validate"',
    ...(cause === undefined ? {} : { cause }),
  });
}

function readBounded(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure('missing', `Cannot read "${path}": ${absent ? 'no such file' : (cause as Error).message}`, {
      help: 'Name the settings file, or run where sluice.yaml is',
      cause,
    });
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new Failure('user', `Cannot read "${path}": it is not a file`);
    if (status.size > maxBytes) {
      throw new Failure('user', `Cannot read "${path}": ${status.size} bytes, more than ${maxBytes}`);
    }
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw new Failure('user', `Cannot read "${path}": it is not UTF-8 text`);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
