import * as z from 'zod/mini';
import type { ReadSecret } from '../../app/ports.ts';
import type { Registry } from '../../app/release-ports.ts';
import { Failure } from '../../domain/failure.ts';
import { matchesGlob } from '../../domain/images/glob.ts';
import type { ExcludedImage, RegistryImage } from '../../domain/images/image-info.ts';
import { labelTimes, parseTime } from '../../domain/images/image-info.ts';
import { canonicalName, type ImageName, registryOf, repositoryOf } from '../../domain/images/image-ref.ts';
import { isDigest, isRepositoryPath, isTag, registryCloud } from '../../domain/images/registry-host.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { type Budget, createBudget } from './budget.ts';
import { type Credential, readCredential } from './credentials.ts';
import { answerFailure, wrongAnswer } from './failures.ts';
import { rulesOf } from './hosts.ts';
import { createHttp } from './http.ts';
import { acceptManifests, digestOfBytes, parseConfig, parseManifest } from './manifest.ts';
import { nextPage } from './next-page.ts';
import { createSession, type Question, type Session, type SessionParts } from './session.ts';

export interface RegistryOptions {
  readonly registries: Settings['registries'];
  readonly readSecret: ReadSecret;
  /** Credentials of Amazon's registries for which `registries` sets none (adapters/aws/ecr-credential.ts). */
  readonly ecrCredential?: (host: string) => Promise<Credential>;
  /** Whose images are meant where a tag has several. Default linux/amd64, as fluxd. */
  readonly platform?: { readonly os: string; readonly architecture: string };
  /** Globs of canonical names whose labels say better than the config when an image was made. Default fluxd's. */
  readonly useLabels?: readonly string[];
  /** Of one exchange. Default 20 s. */
  readonly timeoutMs?: number;
  /** Of one question with all its waiting. Default 60 s. */
  readonly patienceMs?: number;
  /** Shared by the registries of a process, as the hosts are. */
  readonly budget?: Budget;
}

const Tags = z.object({ tags: z.nullish(z.array(z.string())) });

const maxTagsBytes = 16 * 1024 * 1024;
/** What registries have to take is 4 MiB (distribution spec, "Pushing manifests"). */
const maxManifestBytes = 4 * 1024 * 1024;
const maxConfigBytes = 8 * 1024 * 1024;
const maxTags = 200_000;
const tagsPerPage = 1000;

export function createRegistry(options: RegistryOptions): Registry {
  const { registries, readSecret, platform = { os: 'linux', architecture: 'amd64' } } = options;
  const { useLabels = ['index.docker.io/weaveworks/*', 'index.docker.io/fluxcd/*'] } = options;
  const http = createHttp(options.timeoutMs ?? 20_000);
  const parts: SessionParts = {
    http,
    budget: options.budget ?? createBudget(),
    tokens: new Map(),
    plain: new Set(),
    named: (host) => registries.find((registry) => registry.host === host),
    patienceMs: options.patienceMs ?? 60_000,
  };

  async function credentialOf(host: string, auth: SecretRef | undefined): Promise<Credential | undefined> {
    if (auth !== undefined) return readCredential(await readSecret(auth), host);
    return registryCloud(host) === 'aws' ? options.ecrCredential?.(host) : undefined;
  }

  function open(name: ImageName): Session {
    const path = repositoryOf(name);
    if (!isRepositoryPath(path)) {
      throw new Failure('user', `Cannot ask for "${canonicalName(name)}": no registry has such a name`, {
        code: 'NotAllowed',
      });
    }
    return createSession(rulesOf(registryOf(name), registries, credentialOf), path, parts);
  }

  async function tags(name: ImageName, signal?: AbortSignal): Promise<readonly string[]> {
    const session = open(name);
    const what = `read the tags of "${canonicalName(name)}"`;
    const found: string[] = [];
    const seen = new Set<string>();
    let path: string | undefined = `/v2/${repositoryOf(name)}/tags/list?n=${tagsPerPage}`;
    while (path !== undefined) {
      if (seen.has(path)) throw wrongAnswer(what, 'its pages of tags go in a circle');
      seen.add(path);
      const answer = await session.ask({ what, method: 'GET', path, maxBytes: maxTagsBytes, signal });
      if (answer === undefined) throw answerFailure(what, registryOf(name), 404);
      const page = z.safeParse(Tags, parseJson(answer.body));
      if (!page.success) throw wrongAnswer(what, 'its answer is no list of tags');
      // null is what some registries say for a repository whose last tag was deleted.
      found.push(...(page.data.tags ?? []).filter(isTag));
      if (found.length > maxTags) throw wrongAnswer(what, `it has more than ${maxTags} tags`);
      path = nextPage(answer.headers.link, registryOf(name), path);
    }
    return found;
  }

  async function digest(name: ImageName, tag: string, signal?: AbortSignal): Promise<string | undefined> {
    const question = manifestQuestion(name, tag, signal);
    const session = open(name);
    const answer = await session.ask({ ...question, method: 'HEAD' });
    if (answer === undefined) return undefined;
    const header = answer.headers['docker-content-digest'];
    if (typeof header === 'string' && isDigest(header)) return header;
    const whole = await session.ask(question);
    return whole && digestOfBytes(whole.body);
  }

  async function image(
    name: ImageName,
    reference: string,
    signal?: AbortSignal,
  ): Promise<RegistryImage | ExcludedImage | undefined> {
    const session = open(name);
    const question = manifestQuestion(name, reference, signal);
    const top = await readManifest(session, question, isDigest(reference) ? reference : undefined);
    if (top === undefined) return undefined;
    let { manifest } = top;
    // An index may hold an index; none in use holds three.
    for (let depth = 0; depth < 3 && manifest.kind === 'list'; depth++) {
      const { os, architecture } = platform;
      const fitting = manifest.manifests.find(
        (one) => one.platform?.os === os && one.platform.architecture === architecture,
      );
      if (fitting === undefined)
        return { tag: reference, excluded: `no suitable manifest (${os} ${architecture}) in manifestlist` };
      const next = await readManifest(session, manifestQuestion(name, fitting.digest, signal), fitting.digest);
      if (next === undefined) throw wrongAnswer(question.what, 'the manifest that its index names is not there');
      manifest = next.manifest;
    }
    if (manifest.kind !== 'image') return { tag: reference, excluded: 'no manifest of an image' };
    return {
      tag: reference,
      digest: top.digest,
      imageId: manifest.config,
      ...(await readConfig(session, name, manifest.config, question)),
    };
  }

  async function readConfig(session: Session, name: ImageName, config: string, { what, signal }: Question) {
    const path = `/v2/${repositoryOf(name)}/blobs/${config}`;
    const answer = await session.ask({ what, method: 'GET', path, accept: '*/*', maxBytes: maxConfigBytes, signal });
    if (answer === undefined) throw wrongAnswer(what, 'the config of the image is not there');
    if (digestOfBytes(answer.body) !== config) throw wrongAnswer(what, 'the config of the image has another digest');
    const { created, labels } = parseConfig(answer.body) ?? { created: undefined, labels: {} };
    const ofConfig = created === undefined ? undefined : parseTime(created);
    const ofLabels = labelTimes(labels).created;
    const labelsFirst = useLabels.some((glob) => matchesGlob(glob, canonicalName(name)));
    const time = labelsFirst ? (ofLabels ?? ofConfig) : (ofConfig ?? ofLabels);
    return { labels, ...(time !== undefined && { created: time }) };
  }

  return { tags, image, digest, [Symbol.dispose]: () => http[Symbol.dispose]() };
}

function manifestQuestion(name: ImageName, reference: string, signal: AbortSignal | undefined): Question {
  if (!isTag(reference) && !isDigest(reference)) {
    throw new Failure(
      'user',
      `Cannot ask for "${reference.slice(0, 150)}" of "${canonicalName(name)}": no registry has such a tag`,
      {
        code: 'NotAllowed',
      },
    );
  }
  return {
    what: `read the image "${canonicalName(name)}${isDigest(reference) ? '@' : ':'}${reference}"`,
    method: 'GET',
    path: `/v2/${repositoryOf(name)}/manifests/${reference}`,
    accept: acceptManifests,
    maxBytes: maxManifestBytes,
    signal,
  };
}

/** A manifest is only what it says if its bytes have the digest that was asked for, or that the registry says they have. */
async function readManifest(session: Session, question: Question, wanted: string | undefined) {
  const answer = await session.ask(question);
  if (answer === undefined) return undefined;
  const { body, headers } = answer;
  const digest = digestOfBytes(body);
  const said = headers['docker-content-digest'];
  const manifest = parseManifest(body, headers['content-type']);
  if (manifest === undefined) throw wrongAnswer(question.what, 'its answer is no manifest');
  // The digest of a schema 1 manifest is not that of its bytes.
  const differs = (wanted !== undefined && wanted !== digest) || (typeof said === 'string' && said !== digest);
  if (differs && manifest.kind !== 'other')
    throw wrongAnswer(question.what, 'the manifest has another digest than it says');
  return { digest, manifest };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
