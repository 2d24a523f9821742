/** A generator that is understood, so that it needs no shell. Paths are as written: relative to the working directory. */
export type FluxCommand =
  | { readonly tool: 'kustomize'; readonly directory: string }
  | { readonly tool: 'cat'; readonly files: readonly string[] }
  | { readonly tool: 'helm'; readonly name?: string; readonly chart: string; readonly options: readonly HelmOption[] };

/** An option of `helm template`; `file` has to be resolved within the checkout. */
interface HelmOption {
  readonly flag: string;
  readonly value?: string;
  readonly file?: string;
}

/**
 * The understood form of a command, or undefined: `kustomize build [DIR]`, `kubectl kustomize [DIR]`, `cat FILES`, and `helm template [NAME] CHART`
 * with options that neither fetch nor write. A word that a shell would expand makes a command not understood.
 */
export function understandCommand(command: string): FluxCommand | undefined {
  const words = splitWords(command);
  if (!words) return undefined;
  const [program, ...rest] = words;
  if (program === 'cat') return rest.length > 0 && rest.every(isPath) ? { tool: 'cat', files: rest } : undefined;
  const [verb, ...args] = rest;
  if ((program === 'kustomize' && verb === 'build') || (program === 'kubectl' && verb === 'kustomize')) {
    const [directory = '.', ...more] = args;
    return more.length === 0 && isPath(directory) ? { tool: 'kustomize', directory } : undefined;
  }
  return program === 'helm' && verb === 'template' ? understandHelm(args) : undefined;
}

function isPath(word: string): boolean {
  return word !== '' && !word.startsWith('-');
}

const word = /\s*(?:'([^']*)'|"([^"$`\\]*)"|([\w@%+=:,./-]+))(?=\s|$)/y;

/** The words of a command without a shell's syntax in it; undefined if there is any. */
function splitWords(command: string): readonly string[] | undefined {
  const words: string[] = [];
  const text = command.trimEnd();
  word.lastIndex = 0;
  for (let at = 0; at < text.length; at = word.lastIndex) {
    word.lastIndex = at;
    const match = word.exec(text);
    // A line break outside of quotes ends a command.
    if (!match || /\n/.test(match[0])) return undefined;
    words.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return words;
}

const switches: ReadonlySet<string> = new Set([
  '--include-crds',
  '--skip-crds',
  '--skip-tests',
  '--no-hooks',
  '--is-upgrade',
  '--validate=false',
]);
const valueOptions: ReadonlySet<string> = new Set([
  '--set',
  '--set-string',
  '--set-json',
  '--set-literal',
  '--namespace',
  '--api-versions',
  '--kube-version',
  '--show-only',
]);
const shortForms: Readonly<Record<string, string>> = {
  '-f': '--values',
  '-n': '--namespace',
  '-a': '--api-versions',
  '-s': '--show-only',
};

function understandHelm(args: readonly string[]): FluxCommand | undefined {
  const plain: string[] = [];
  const options: HelmOption[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (isPath(arg)) plain.push(arg);
    else if (switches.has(arg)) options.push({ flag: arg });
    else {
      const equals = arg.indexOf('=');
      const written = equals < 0 ? arg : arg.slice(0, equals);
      const flag = shortForms[written] ?? written;
      const value = equals < 0 ? args[++index] : arg.slice(equals + 1);
      if (value === undefined) return undefined;
      if (flag === '--values') options.push(...value.split(',').map((file) => ({ flag, file })));
      else if (valueOptions.has(flag)) options.push({ flag, value });
      else return undefined;
    }
  }
  const [first, second, ...more] = plain;
  if (first === undefined || more.length > 0) return undefined;
  return second === undefined
    ? { tool: 'helm', chart: first, options }
    : { tool: 'helm', name: first, chart: second, options };
}
