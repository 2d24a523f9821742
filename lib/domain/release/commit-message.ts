import { Failure } from '../failure.ts';
import { formatImageRef } from '../images/image-ref.ts';
import { describeNames, type MessageName, placeholder, unknownName } from './message-names.ts';
import { changedImages, changedWorkloads, type ReleaseResults } from './release-result.ts';
import type { AutoSpec, ContainersSpec, ImageSpec, PolicySpec, ReleaseCause } from './release-spec.ts';

/** The text of the commit that a release of images makes (facts/flux-v1.md §3 "Commit messages"); a message that was given is the whole text. */
export function releaseMessage(
  spec: AutoSpec | ImageSpec | ContainersSpec,
  results: ReleaseResults,
  { message = '' }: ReleaseCause = {},
): string {
  if (message !== '') return message;
  switch (spec.type) {
    case 'auto':
      return automatedMessage(results);
    case 'image':
      return `Release ${bare(spec.image)} to ${spec.workloads.map(bare).join(', ')}`;
    case 'containers':
      return containersMessage(results);
  }
}

/** `<all latest>` reads `all latest`. */
function bare(text: string): string {
  return text.replace(/^<|>$/g, '');
}

function automatedMessage(results: ReleaseResults): string {
  const images = changedImages(results);
  if (images.length === 1) return `Auto-release ${images[0]}`;
  return `Auto-release multiple (${images.length}) images\n\n${images.map((image) => ` - ${image}\n`).join('')}`;
}

function containersMessage(results: ReleaseResults): string {
  const ids = changedWorkloads(results);
  const parts = ids.map((id) => {
    const images = results.get(id)?.containers.map(({ target }) => `\n- ${formatImageRef(target)}`) ?? [];
    return `\n${id}${images.join('')}\n`;
  });
  return `Update image refs in ${ids.join(', ')}\n${parts.join('')}`;
}

const added: Readonly<Record<string, string>> = { automated: 'Automated', locked: 'Locked' };
const removed: Readonly<Record<string, string>> = { automated: 'Deautomated', locked: 'Unlocked' };
const lines = ['Automated', 'Deautomated', 'Locked', 'Unlocked', 'Updated policies'];

/** Who locked and why is part of the lock, not a change of its own. */
const ofLocks: ReadonlySet<string> = new Set(['locked_user', 'locked_msg']);

/** The text of the commit that changes policies. A message that was given goes first. */
export function policyMessage({ workloads }: PolicySpec, { message = '' }: ReleaseCause = {}): string {
  const idsOf = new Map<string, string[]>();
  for (const [id, { add, remove }] of Object.entries(workloads)) {
    const words = new Set([...Object.keys(add).map(wordOf(added)), ...remove.map(wordOf(removed))]);
    for (const word of words) if (word !== undefined) idsOf.set(word, [...(idsOf.get(word) ?? []), id]);
  }
  const changes = lines.flatMap((word) => {
    const ids = idsOf.get(word);
    return ids === undefined ? [] : [`${word}: ${ids.sort().join(', ')}`];
  });
  if (message === '' && changes.length === 1) return `${changes[0]}\n`;
  const title = message === '' ? 'Updated workload policies' : message;
  return `${title}\n\n${changes.map((line) => `- ${line}\n`).join('')}`;
}

function wordOf(words: Readonly<Record<string, string>>): (policy: string) => string | undefined {
  return (policy) => (ofLocks.has(policy) ? undefined : (words[policy] ?? 'Updated policies'));
}

/** What a message template may use. */
export interface MessageFacts extends Readonly<Record<MessageName, string | readonly string[]>> {
  /** The text of releaseMessage or policyMessage. */
  readonly message: string;
  readonly images: readonly string[];
  readonly workloads: readonly string[];
  readonly targets: readonly string[];
  readonly user: string;
}

/**
 * A target's `automation.message`: text with `{message}`, `{images}`, `{workloads}`, `{targets}`, `{user}`; `[skip ci]` and the like are
 * simply part of it. Throws a `user` Failure for another name in braces.
 */
export function fillMessage(template: string, facts: MessageFacts): string {
  const unknown = unknownName(template);
  if (unknown !== undefined) {
    const help = `Known are ${describeNames()}`;
    throw new Failure('user', `Cannot use the commit message "${template}": ${unknown} is not known`, { help });
  }
  return template.replaceAll(placeholder, (_, name: MessageName) => {
    const fact = facts[name];
    return typeof fact === 'string' ? fact : fact.join(', ');
  });
}
