import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod/mini';
import { Failure } from '../../domain/failure.ts';
import { findRepeatedKey } from '../../repeated-key.ts';

/**
 * The parts of a kubeconfig that decide how a cluster is reached
 * (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). Every text may be a YAML number, as kubectl has it.
 */
const text = z.pipe(z.union([z.string(), z.number()]), z.transform(String));
const optionalText = z.optional(z.nullable(text));
const optionalTexts = z.optional(z.nullable(z.array(text)));
const plugin = z.optional(z.nullable(z.looseObject({})));

const ClusterEntry = z.object({
  server: text,
  'certificate-authority-data': optionalText,
  'certificate-authority': optionalText,
  'insecure-skip-tls-verify': z.optional(z.nullable(z.boolean())),
  'tls-server-name': optionalText,
  'proxy-url': optionalText,
});

const UserEntry = z.object({
  token: optionalText,
  tokenFile: optionalText,
  'client-certificate-data': optionalText,
  'client-certificate': optionalText,
  'client-key-data': optionalText,
  'client-key': optionalText,
  username: optionalText,
  password: optionalText,
  as: optionalText,
  'as-uid': optionalText,
  'as-groups': optionalTexts,
  'as-user-extra': z.optional(z.nullable(z.record(z.string(), z.array(text)))),
  exec: plugin,
  'auth-provider': plugin,
});

const ContextEntry = z.object({ cluster: text, user: optionalText, namespace: optionalText });

const Kubeconfig = z.object({
  'current-context': optionalText,
  clusters: z.optional(z.nullable(z.array(z.object({ name: text, cluster: z.nullable(ClusterEntry) })))),
  users: z.optional(z.nullable(z.array(z.object({ name: text, user: z.optional(z.nullable(UserEntry)) })))),
  contexts: z.optional(z.nullable(z.array(z.object({ name: text, context: z.nullable(ContextEntry) })))),
});

export type ClusterEntry = z.infer<typeof ClusterEntry>;
export type UserEntry = z.infer<typeof UserEntry>;

/** What one context of a kubeconfig says. */
export interface KubeContext {
  readonly context: string;
  readonly cluster: ClusterEntry;
  /** Empty if the context names none: anonymous. */
  readonly user: UserEntry;
  readonly userName: string;
  readonly namespace: string;
}

const maxBytes = 1024 * 1024;

/**
 * Reads the context `wanted`, or the current one, of a kubeconfig's text. `name` is what messages call it, such as `{ env: KUBECONFIG }`.
 * Throws a `user` Failure that says what is wrong and where, never a value that the text holds but for names.
 */
export function readKubeconfig(source: string, name: string, wanted?: string): KubeContext {
  const config = parseKubeconfig(source, name);
  const contexts = config.contexts ?? [];
  const contextName = wanted ?? (config['current-context'] || undefined);
  if (contextName === undefined) {
    throw refuse(name, 'it has no current-context', `Set cluster.context to one of: ${listNames(contexts)}`);
  }
  const context = contexts.find((entry) => entry.name === contextName)?.context;
  if (context === undefined || context === null) {
    throw refuse(name, `it has no context "${contextName}"`, `Its contexts are: ${listNames(contexts)}`);
  }
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (cluster === undefined || cluster === null) {
    throw refuse(name, `context "${contextName}" names the cluster "${context.cluster}", which it does not hold`);
  }
  const userName = context.user ?? '';
  const entry = config.users?.find((user) => user.name === userName);
  if (entry === undefined && userName !== '') {
    throw refuse(name, `context "${contextName}" names the user "${userName}", which it does not hold`);
  }
  return {
    context: contextName,
    cluster,
    user: entry?.user ?? {},
    userName,
    namespace: context.namespace || 'default',
  };
}

function parseKubeconfig(source: string, name: string): z.infer<typeof Kubeconfig> {
  if (Buffer.byteLength(source) > maxBytes) throw refuse(name, `it is larger than ${maxBytes} bytes`);
  const lines = new LineCounter();
  function place(offset: number): string {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}`;
  }
  // The parser's own words would quote the text, which holds credentials.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) throw refuse(name, `${place(error.pos[0])} is not YAML`);
  const repeated = findRepeatedKey(document);
  if (repeated !== undefined) throw refuse(name, `${place(repeated)} has a key for the second time`);
  const parsed = Kubeconfig.safeParse(toPlain(document, name));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.') || 'the document';
  throw refuse(name, `it is no kubeconfig: ${path} is missing or of another type`);
}

function toPlain(document: ReturnType<typeof parseDocument>, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw refuse(name, 'its YAML aliases cannot be resolved');
  }
}

function listNames(entries: readonly { readonly name: string }[]): string {
  return entries.map((entry) => entry.name).join(', ') || 'none';
}

/** A `user` Failure about the kubeconfig called `name`. */
export function refuse(
  name: string,
  found: string,
  help = 'Correct it in its secret: each sync reads it anew',
): Failure {
  return new Failure('user', `Cannot use the kubeconfig "${name}": ${found}`, { help, code: 'Kubeconfig' });
}
