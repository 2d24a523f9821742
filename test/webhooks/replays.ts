import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../lib/domain/jobs/change.ts';
import type { SenderName, WebhookSettings } from '../../lib/domain/settings/webhook-settings.ts';
import { type Example, now } from './examples/example.ts';
import { exampleOf } from './examples/examples.ts';
import { audience, claims, email, googleToken } from './google.ts';
import { said } from './said.ts';

/** Every recorded delivery, ready to be sent to whatever takes webhooks and events: `sluice serve`, the functions on AWS, or the readers alone. */

interface Sent {
  /** As recorded, but for the one that proves who sent it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A delivery over HTTP. */
export interface HttpReplay {
  readonly name: string;
  readonly sender: SenderName;
  /** What its entry of `webhooks` has beside id and sender; the secret is a value. */
  readonly settings: Partial<Omit<WebhookSettings, 'secret'>>;
  /** Absent where no secret is configured. */
  readonly secret?: string;
  readonly right: Sent;
  /** The same by someone else; absent where nothing proves who sent it. */
  readonly wrong?: Sent;
  /** What it says (said.ts). */
  readonly says: string;
}

/** An event of EventBridge, which no secret proves. */
export interface EventReplay {
  readonly name: string;
  readonly event: unknown;
  readonly says: string;
}

interface Recorded {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface LambdaEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** What of an example signs as the sender does. */
const signers: Readonly<Record<SenderName, string>> = {
  github: 'github',
  gitlab: 'gitlab, plain token',
  generic: 'generic',
  bitbucket: 'bitbucket',
  'bitbucket-server': 'bitbucket-server',
  gitea: 'gitea',
  gogs: 'gogs',
  'azure-devops': 'azure-devops, basic authentication',
  dockerhub: 'dockerhub',
  quay: 'quay',
  harbor: 'harbor',
  distribution: 'distribution',
  gcr: 'gcr',
  acr: 'acr',
  jfrog: 'jfrog, signed',
  nexus: 'nexus, component',
  aliyun: 'aliyun',
  cdevents: 'cdevents',
};

const prefixes: readonly (readonly [prefix: string, sender: SenderName])[] = [
  ['azure-devops', 'azure-devops'],
  ['bitbucket-cloud', 'bitbucket'],
  ['bitbucket-server', 'bitbucket-server'],
  ['gar', 'gcr'],
];

function senderOf(name: string): SenderName {
  const [, sender] = prefixes.find(([prefix]) => name.startsWith(prefix)) ?? [];
  return sender ?? (name.slice(0, name.indexOf('-')) as SenderName);
}

/** Keys without which a recorded delivery cannot be read. */
const settingsOf: Readonly<Partial<Record<SenderName, HttpReplay['settings']>>> = {
  'bitbucket-server': { server: 'https://bitbucket.acme.io' },
  gcr: { audience, email },
  nexus: { registry: 'nexus.acme.io:5000' },
};

/** The deliveries over HTTP that `directory` (../shared) records. Tokens are made at `at`, epoch milliseconds. */
export function httpReplays(directory: string, at = now): readonly HttpReplay[] {
  return namesIn(directory).flatMap((name) => {
    if (isEvent(name)) return [];
    if (name.startsWith('_lambda')) return [lambdaReplay(directory, name)];
    const sender = senderOf(name);
    const { headers, body } = read<Recorded>(directory, name);
    const bytes = Buffer.from(JSON.stringify(body));
    const example = exampleOf(signers[sender]);
    const { proof, secret, otherSecret } = example;
    const sign = (by: string): Sent => ({
      headers: { ...headersFor(example, headers), ...signedBy(example, bytes, by, at) },
      body: bytes,
    });
    return [
      {
        name,
        sender,
        settings: settingsOf[sender] ?? {},
        ...(proof && !proof.isToken && { secret }),
        right: sign(secret),
        ...(proof && { wrong: sign(otherSecret) }),
        says: said[name] ?? '',
      },
    ];
  });
}

/** The events of EventBridge that `directory` records. */
export function eventReplays(directory: string): readonly EventReplay[] {
  return namesIn(directory)
    .filter(isEvent)
    .map((name) => ({ name, event: read<Recorded>(directory, name).body, says: said[name] ?? '' }));
}

/** In words: `ref before after` of a push (`-` for none), `image tag digest`, `#number event base head`; `-` for nothing to do. */
export function describeChanges(changes: readonly Change[]): string {
  return changes.map(describeChange).join('; ') || '-';
}

function describeChange(change: Change): string {
  if (change.kind === 'git') return `${change.ref} ${short(change.before)} ${short(change.after)}`;
  if (change.kind === 'image') return `${change.image} ${change.tag} ${change.digest?.slice(0, 19) ?? '-'}`;
  return `#${change.number} ${change.event} ${change.base} ${short(change.head.commit)}`;
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 12) ?? '-';
}

export function namesIn(directory: string): readonly string[] {
  const files = readdirSync(join(directory, 'payloads')).filter((file) => file.endsWith('.json'));
  return files.map((file) => file.replace('.json', '')).filter((name) => name !== '_signature-vectors');
}

function read<T>(directory: string, name: string): T {
  return JSON.parse(readFileSync(join(directory, 'payloads', `${name}.json`), 'utf8'));
}

function isEvent(name: string): boolean {
  return name.startsWith('codecommit') || name.startsWith('ecr');
}

/** Headers of a recording, without what stands for its proof. */
function headersFor({ proof }: Example, recorded: Sent['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(recorded).filter(([name]) => name.toLowerCase() !== proof?.header));
}

function signedBy(example: Example, body: Buffer, secret: string, at: number): Record<string, string> {
  const token = { ...claims, iat: at / 1000, exp: at / 1000 + 3600 };
  const headers = example.proof?.isToken
    ? { authorization: `Bearer ${googleToken(token, secret)}` }
    : example.sign(body, secret);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
}

/** What API Gateway hands to a function, as it came: signed with `topsecret` by whoever made the recording. */
function lambdaReplay(directory: string, name: string): HttpReplay {
  const { body: event } = read<{ readonly body: LambdaEvent }>(directory, name);
  const body = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
  const { 'content-length': _length, host: _host, ...headers } = event.headers;
  const wrong = {
    ...headers,
    'x-hub-signature-256': `${headers['x-hub-signature-256']}`.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  };
  return {
    name,
    sender: 'github',
    settings: {},
    secret: 'topsecret',
    right: { headers, body },
    wrong: { headers: wrong, body },
    says: said[name] ?? '',
  };
}
