import * as z from 'zod/mini';
import { durationOrNever, positiveDuration } from './duration.ts';
import { isRepositoryAddress } from './repository-address.ts';
import { SecretRef, text } from './secret-ref.ts';
import { WebhookSettings } from './webhook-settings.ts';

/** Everything `sluice.yaml` says, checked and with its defaults filled in (DESIGN §5.1). */

/** GitHub shows these ids as numbers; YAML reads them as such. */
const numericId = z.pipe(
  z.union([text, z.number()], { error: 'Expected a number' }),
  z.transform((id) => String(id)),
);

const SourceAuth = z.union(
  [
    z.strictObject({ token: SecretRef, username: z.optional(text) }),
    z.strictObject({ sshKey: SecretRef, knownHosts: z.optional(text) }),
    z.strictObject({
      githubApp: z.strictObject({ appId: numericId, installationId: numericId, privateKey: SecretRef }),
    }),
  ],
  { error: 'Expected { token }, { sshKey, knownHosts? } or { githubApp: { appId, installationId, privateKey } }' },
);
export type SourceAuth = z.infer<typeof SourceAuth>;

const repositoryPath = text.check(
  z.refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    error: 'Expected a path inside the repository, without a leading / and without ..',
  }),
  z.refine(
    (path) => path.length < 4096 && path.split('/').every((name) => name.length < 256 && !/\p{Cc}/u.test(name)),
    {
      error: 'Expected names of at most 255 characters, none of them a control character',
    },
  ),
);

const Verify = z.strictObject({
  mode: z._default(z.enum(['none', 'head', 'all', 'first-parent']), 'none'),
  keys: z._default(z.array(SecretRef), []),
});

const Source = z.strictObject({
  url: text.check(
    z.refine(isRepositoryAddress, {
      error: 'Expected an https://, ssh:// or user@host:path address, without credentials; they belong into auth',
    }),
  ),
  branch: text.check(
    z.refine((branch) => !/^[-/]|\.\.|\/\/|@\{|[\s\p{Cc}~^:?*[\\]|[./]$|\.lock$/u.test(branch), {
      error: 'Expected the name of a branch',
    }),
    z.maxLength(255),
  ),
  paths: z._default(z.array(repositoryPath).check(z.minLength(1)), ['.']),
  auth: z.optional(SourceAuth),
  verify: z.prefault(Verify, {}),
});
export type Source = z.infer<typeof Source>;

/** Exactly one of `kubeconfig` and `eks` (check-settings.ts). */
const ClusterAccess = z.strictObject({
  kubeconfig: z.optional(SecretRef),
  eks: z.optional(z.strictObject({ name: text, region: text, roleArn: z.optional(text) })),
  context: z.optional(text),
  impersonate: z.optional(text),
});
export type ClusterAccess = z.infer<typeof ClusterAccess>;

const rendererName = z.enum(['auto', 'plain', 'kustomize', 'helm', 'flux']);
export type RendererName = z.infer<typeof rendererName>;

/** Fields that a target leaves to others after creation (APPLY §2). */
export type IgnoreRule = z.infer<typeof IgnoreRule>;
const IgnoreRule = z.strictObject({
  kind: text,
  name: z.optional(text),
  namespace: z.optional(text),
  paths: z
    .array(text.check(z.startsWith('/', { error: 'Expected a JSON pointer such as /spec/replicas' })))
    .check(z.minLength(1)),
});

const Automation = z.strictObject({
  enabled: z._default(z.boolean(), true),
  interval: z._default(positiveDuration, 300),
  push: z._default(z.enum(['branch', 'pullRequest']), 'branch'),
  auth: z.optional(SourceAuth),
  author: z.optional(z.strictObject({ name: text, email: text })),
  sign: z.optional(SecretRef),
  message: z.optional(text),
});

const kubernetesName = z
  .string()
  .check(
    z.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: 'Expected lower-case letters, digits and dashes' }),
    z.maxLength(63),
  );

const targetName = z.string().check(
  z.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
    error: 'Expected lower-case letters, digits and dashes, beginning and ending with a letter or digit',
  }),
  z.maxLength(56, { error: 'Expected at most 56 characters: the inventory is a ConfigMap named sluice-<target>' }),
);

export type Target = z.infer<typeof Target>;
export const Target = z.strictObject({
  name: targetName,
  source: Source,
  cluster: ClusterAccess,
  renderer: z._default(rendererName, 'auto'),
  values: z._default(z.record(z.string(), z.unknown()), {}),
  valuesFiles: z._default(z.array(repositoryPath), []),
  allowCommands: z._default(z.boolean(), false),
  allowRemoteBases: z._default(z.boolean(), false),
  submodules: z._default(z.boolean(), false),
  namespace: z.optional(kubernetesName),
  allowNamespaces: z._default(z.array(kubernetesName), []),
  prune: z._default(z.boolean(), true),
  suspend: z._default(z.boolean(), false),
  interval: z._default(durationOrNever, 3600),
  retryInterval: z._default(durationOrNever, 300),
  timeout: z._default(positiveDuration, 300),
  allowEmpty: z._default(z.boolean(), false),
  inventory: z.prefault(z.strictObject({ namespace: z._default(kubernetesName, 'default') }), {}),
  adopts: z._default(z.array(targetName), []),
  ignore: z._default(z.array(IgnoreRule), []),
  automation: z.optional(Automation),
});

export const roles = ['viewer', 'deployer', 'admin'] as const;
export type Role = (typeof roles)[number];

const ApiSettings = z.strictObject({
  tokens: z.array(z.strictObject({ name: text, role: z.enum(roles), secret: SecretRef })).check(z.minLength(1)),
});

const Registry = z.strictObject({
  host: text.check(z.regex(/^[A-Za-z0-9[][\w.:[\]-]*$/, { error: 'Expected a host such as registry.acme.io:5000' })),
  auth: z.optional(SecretRef),
  insecure: z._default(z.boolean(), false),
});

const httpUrl = z
  .string()
  .check(z.regex(/^(https?|oci):\/\/[^/@\s]+(\/\S*)?$/, { error: 'Expected an https:// address' }));

/** `sluice.yaml`. Unknown keys are refused. What concerns more than one field is in check-settings.ts, the door to this schema. */
export type Settings = z.infer<typeof Settings>;
export const Settings = z.strictObject({
  version: z.literal(1),
  webhooks: z._default(z.array(WebhookSettings), []),
  api: z.optional(ApiSettings),
  targets: z._default(z.array(Target), []),
  registries: z._default(z.array(Registry), []),
  helmRepositories: z._default(z.record(httpUrl, httpUrl), {}),
});
