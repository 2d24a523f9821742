import { expect, it } from 'vitest';
import { formatRelease } from '../../../lib/cli/print-release.ts';
import type { ImageInfo } from '../../../lib/domain/images/image-info.ts';
import { canonicalName, formatImageRef, parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { policiesOf } from '../../../lib/domain/images/policies.ts';
import { fillMessage, policyMessage, releaseMessage } from '../../../lib/domain/release/commit-message.ts';
import { planRelease } from '../../../lib/domain/release/plan-release.ts';
import { changedImages } from '../../../lib/domain/release/release-result.ts';
import { type ImageSpec, ReleaseSpec } from '../../../lib/domain/release/release-spec.ts';
import type { ReleaseWorld } from '../../../lib/domain/release/release-world.ts';
import { verifyRelease } from '../../../lib/domain/release/verify-release.ts';

const id = 'shop:deployment/web';
const all: ImageSpec = { type: 'image', workloads: ['<all>'], image: '<all latest>', excludes: [], force: false };

interface Scene {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly git?: string;
  readonly running?: string;
  readonly live?: Readonly<Record<string, string>>;
  readonly registry?: readonly ImageInfo[];
  /** Tags whose manifest could not be read. */
  readonly unread?: readonly string[];
}

const registry: readonly ImageInfo[] = [
  { tag: '1.0.0', created: 1 },
  { tag: '2.0.0', created: 2 },
  { tag: 'latest', created: 3 },
];

function world({
  annotations = {},
  git = 'acme/app:1.0.0',
  running = git,
  live = {},
  registry: known = registry,
  unread = [],
}: Scene): ReleaseWorld {
  const image = parseImageRef(git);
  const images = new Map(known.map((one) => [one.tag, one]));
  return {
    defined: [{ id, policies: policiesOf(annotations), containers: [{ name: 'app', image }] }],
    running: new Map([
      [id, { containers: [{ name: 'app', image: parseImageRef(running) }], policies: policiesOf(live) }],
    ]),
    images: new Map([[canonicalName(image), { tags: [...images.keys(), ...unread], images }]]),
  };
}

function auto(scene: Scene): string {
  const annotations = { 'fluxcd.io/automated': 'true', ...scene.annotations };
  const result = planRelease({ type: 'auto' }, world({ ...scene, annotations })).get(id);
  const [update] = result?.containers ?? [];
  if (update !== undefined) return `${formatImageRef(update.target)}${update.downgrade ? ' (downgrade)' : ''}`;
  return `${result?.status}: ${result?.error}`;
}

const semver = { 'fluxcd.io/tag.app': 'semver:*' };
const digest = (character: string) => `sha256:${character.repeat(64)}`;

it.each<[string, Scene, string]>([
  ['the newest image is taken, and latest never', {}, 'acme/app:2.0.0'],
  [
    'the name is kept as git writes it',
    { git: 'docker.io/acme/app:1.0.0', running: 'acme/app:1.0.0' },
    'docker.io/acme/app:2.0.0',
  ],
  [
    'what runs is compared, not what git says',
    { git: 'acme/app:2.0.0', running: 'acme/app:1.0.0' },
    'skipped: image(s) up to date',
  ],
  [
    'a change of the filter goes down, and says so',
    { running: 'acme/app:2.0.0', git: 'acme/app:2.0.0', annotations: { 'fluxcd.io/tag.app': 'semver:~1' } },
    'acme/app:1.0.0 (downgrade)',
  ],
  [
    'by time too',
    { running: 'acme/app:2.0.0', git: 'acme/app:2.0.0', annotations: { 'fluxcd.io/tag.app': 'glob:1.*' } },
    'acme/app:1.0.0 (downgrade)',
  ],
  ['nothing newer is no change', { git: 'acme/app:2.0.0' }, 'skipped: image(s) up to date'],
  ['a locked workload is left alone', { annotations: { 'fluxcd.io/locked': 'true' } }, 'skipped: locked'],
  ['so is one that is ignored in git', { annotations: { 'fluxcd.io/ignore': 'true' } }, 'skipped: ignore'],
  ['and one that is ignored in the cluster', { live: { 'fluxcd.io/ignore': 'true' } }, 'skipped: ignore'],
  ['one that is only synced is not', { annotations: { 'fluxcd.io/ignore': 'sync_only' } }, 'acme/app:2.0.0'],
  [
    'one that is not automated is not meant',
    { annotations: { 'fluxcd.io/automated': 'false' } },
    'ignored: not included',
  ],
  [
    'no image that passes',
    { annotations: { 'fluxcd.io/tag.app': 'glob:x' } },
    'skipped: app: cannot find one or more images',
  ],
  [
    'an unknown time blocks a filter by time',
    { running: 'acme/app:0.9.0', git: 'acme/app:0.9.0' },
    'skipped: app: when "acme/app:0.9.0" was created is not known, and the filter goes by it',
  ],
  [
    'and not one by version',
    { running: 'acme/app:0.9.0', git: 'acme/app:0.9.0', annotations: semver },
    'acme/app:2.0.0',
  ],
  [
    'a tag that could not be read blocks',
    { unread: ['3.0.0'] },
    'skipped: app: inconsistent repository metadata: nothing is known of the tag "3.0.0"',
  ],
  ['unless the filter does not take it', { unread: ['broken'], annotations: semver }, 'acme/app:2.0.0'],
  [
    'a digest alone cannot be updated',
    { git: `acme/app@${digest('a')}`, annotations: semver },
    'skipped: app: image is pinned by its digest',
  ],
  [
    'a digest beside the tag is replaced with it',
    { git: `acme/app:1.0.0@${digest('a')}`, annotations: semver, registry: [{ tag: '2.0.0', digest: digest('b') }] },
    `acme/app:2.0.0@${digest('b')}`,
  ],
  [
    'a digest alone that is the newest image is up to date',
    { git: `acme/app@${digest('b')}`, annotations: semver, registry: [{ tag: '2.0.0', digest: digest('b') }] },
    'skipped: image(s) up to date',
  ],
  [
    'where what runs is no version, times tell which way it goes',
    {
      git: 'acme/app:main',
      annotations: semver,
      registry: [
        { tag: '2.0.0', created: 2 },
        { tag: 'main', created: 3 },
      ],
    },
    'acme/app:2.0.0 (downgrade)',
  ],
  [
    'a newest image whose time is not known blocks a filter by time',
    { annotations: { 'fluxcd.io/tag.app': 'glob:2.*' }, registry: [{ tag: '1.0.0', created: 1 }, { tag: '2.0.0' }] },
    'skipped: app: when "2.0.0" was created is not known, and the filter goes by it',
  ],
  [
    'a tag that was moved is an update of its digest',
    { git: `acme/app:2.0.0@${digest('a')}`, annotations: semver, registry: [{ tag: '2.0.0', digest: digest('b') }] },
    `acme/app:2.0.0@${digest('b')}`,
  ],
  [
    'the same digest is none',
    { git: `acme/app:2.0.0@${digest('b')}`, annotations: semver, registry: [{ tag: '2.0.0', digest: digest('b') }] },
    'skipped: image(s) up to date',
  ],
])('automation: %s', (_, scene, expected) => {
  expect(auto(scene)).toBe(expected);
});

it('an image that nothing was read of is not found', () => {
  const scene = world({ annotations: { 'fluxcd.io/automated': 'true' } });
  expect(planRelease({ type: 'auto' }, { ...scene, images: new Map() }).get(id)).toMatchObject({
    status: 'skipped',
    error: 'app: cannot find one or more images',
  });
});

it('a container that git does not have is not automated', () => {
  const scene = world({ annotations: { 'fluxcd.io/automated': 'true' } });
  const injected = { name: 'proxy', image: parseImageRef('acme/app:1.0.0') };
  const running = new Map([[id, { containers: [injected] }]]);
  expect(planRelease({ type: 'auto' }, { ...scene, running }).get(id)).toMatchObject({
    status: 'skipped',
    containers: [],
  });
});

it.each<[string, Scene, Partial<ImageSpec>, string]>([
  [
    'latest is never taken, not even by name and force',
    {},
    { image: 'acme/app:latest', force: true },
    'skipped: cannot find one or more images',
  ],
  [
    'unless the filter is exactly that',
    { annotations: { 'fluxcd.io/tag.app': 'glob:latest' } },
    { image: 'acme/app:latest' },
    'success: acme/app:latest',
  ],
  [
    'a filter holds for a named image',
    { annotations: { 'fluxcd.io/tag.app': 'semver:~1' } },
    { image: 'acme/app:2.0.0' },
    'skipped: cannot find one or more images',
  ],
  [
    'force goes past it',
    { annotations: { 'fluxcd.io/tag.app': 'semver:~1' } },
    { image: 'acme/app:2.0.0', force: true },
    'success: acme/app:2.0.0',
  ],
  ['a lock holds for all', { annotations: { 'fluxcd.io/locked': 'true' } }, { force: true }, 'skipped: locked'],
  [
    'force goes past the lock of a named workload',
    { annotations: { 'fluxcd.io/locked': 'true' } },
    { workloads: [id], force: true },
    'success: acme/app:2.0.0',
  ],
  ['another image', {}, { image: 'acme/other:1' }, 'ignored: a different image'],
  ['images nobody knows of', { registry: [] }, {}, 'ignored: does not use image(s)'],
  ['what git has already', { git: 'acme/app:2.0.0', running: 'acme/app:1.0.0' }, {}, 'skipped: image(s) up to date'],
  ['a pinned digest', { git: `acme/app@${digest('a')}` }, {}, 'skipped: image is pinned by its digest'],
  ['an excluded workload', {}, { excludes: [id] }, 'ignored: excluded'],
  ['a tag that could not be read', { unread: ['3.0.0'] }, {}, 'skipped: cannot find one or more images'],
])('release: %s', (_, scene, spec, expected) => {
  const { images, ...rest } = world(scene);
  const other = { tags: ['1'], images: new Map([['1', { tag: '1' }]]) };
  const result = planRelease(
    { ...all, ...spec },
    { ...rest, images: new Map([...images, ['index.docker.io/acme/other', other]]) },
  ).get(id);
  const [update] = result?.containers ?? [];
  expect(`${result?.status}: ${update ? formatImageRef(update.target) : result?.error}`).toBe(expected);
});

it.each([
  [
    'a container that git does not have',
    [{ name: 'proxy', image: parseImageRef('acme/app:1.0.0') }],
    {},
    'skipped: not found in repository',
  ],
  [
    'a workload without containers, of a named image',
    [],
    { image: 'acme/app:2.0.0' },
    'ignored: not accessible in cluster',
  ],
])('release: %s', (_, containers, spec, expected) => {
  const result = planRelease({ ...all, ...spec }, { ...world({}), running: new Map([[id, { containers }]]) }).get(id);
  expect(`${result?.status}: ${result?.error}`).toBe(expected);
});

it('a container that has another image than was seen fails the release, unless such are to be left out', () => {
  const containers = { [id]: [{ container: 'app', current: 'acme/app:0.9.0', target: 'acme/app:2.0.0' }] };
  const spec = { type: 'containers', containers, skipMismatches: false, force: false } as const;
  const different = `${id}: container(s) tag mismatch: app`;
  expect(() => planRelease(spec, world({}))).toThrow(`cannot satisfy specs: ${different}`);
  expect(() => planRelease({ ...spec, skipMismatches: true }, world({}))).toThrow(`no changes found (${different})`);
});

it('a workload that was named and is not in git is answered for, also beside <all>', () => {
  for (const workloads of [['shop:deployment/none'], ['shop:deployment/none', '<all>']]) {
    const results = planRelease({ ...all, workloads }, world({}));
    expect(results.get('shop:deployment/none')).toMatchObject({ status: 'skipped', error: 'not found in repository' });
  }
});

it('an image that the registry does not have is refused before anything is decided', () => {
  expect(() => planRelease({ ...all, image: 'acme/app:9' }, world({}))).toThrow(
    expect.objectContaining({
      fault: 'missing',
      message: 'Cannot release "index.docker.io/acme/app:9": the registry has no such image',
    }),
  );
});

it('a release that goes down says so in its message and its table', () => {
  const annotations = { 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:~1' };
  const results = planRelease({ type: 'auto' }, world({ git: 'acme/app:2.0.0', annotations }));
  expect(releaseMessage({ type: 'auto' }, results)).toBe('Auto-release acme/app:1.0.0 (downgrade)');
  expect(formatRelease(results, 0)[1]).toBe(`${id}  success  app: acme/app:2.0.0 -> 1.0.0 (downgrade)`);
});

it.each([
  [{ ...all }, {}, 'Release all latest to all'],
  [
    { ...all, image: 'acme/app:2.0.0', workloads: [id, 'shop:deployment/db'] },
    {},
    `Release acme/app:2.0.0 to ${id}, shop:deployment/db`,
  ],
  [{ ...all }, { message: 'for the sale' }, 'for the sale'],
])('the message of a release says what was asked for', (spec, cause, message) => {
  expect(releaseMessage(spec, new Map(), cause)).toBe(message);
});

it.each([
  [{ [id]: { add: { automated: 'true' }, remove: [] } }, {}, `Automated: ${id}\n`],
  [{ [id]: { add: {}, remove: ['automated'] } }, {}, `Deautomated: ${id}\n`],
  [{ [id]: { add: { locked: 'true', locked_user: 'Ada', locked_msg: 'x' }, remove: [] } }, {}, `Locked: ${id}\n`],
  [{ [id]: { add: {}, remove: ['locked', 'locked_user', 'locked_msg'] } }, {}, `Unlocked: ${id}\n`],
  [{ [id]: { add: { 'tag.app': 'semver:*' }, remove: [] } }, {}, `Updated policies: ${id}\n`],
  [
    {
      [id]: { add: { automated: 'true', 'tag.app': 'semver:*' }, remove: [] },
      'a:deployment/b': { add: { automated: 'true' }, remove: [] },
    },
    {},
    `Updated workload policies\n\n- Automated: a:deployment/b, ${id}\n- Updated policies: ${id}\n`,
  ],
  [{ [id]: { add: { locked: 'true' }, remove: [] } }, { message: 'freeze' }, `freeze\n\n- Locked: ${id}\n`],
])('the message of policies %j', (workloads, cause, message) => {
  expect(policyMessage({ type: 'policy', workloads }, cause)).toBe(message);
});

it('a template is filled, and refused with a name that is not known', () => {
  const facts = { message: 'Auto-release a:2', images: ['a:2'], workloads: [id], targets: ['shop'], user: 'ci' };
  expect(fillMessage('{message}\n\n{targets} by {user}: {images} [skip ci]', facts)).toBe(
    'Auto-release a:2\n\nshop by ci: a:2 [skip ci]',
  );
  expect(() => fillMessage('{imagse}', facts)).toThrow(
    'Cannot use the commit message "{imagse}": {imagse} is not known',
  );
});

it('the check after the edit finds what was not edited, what else was, and what is gone or new', () => {
  const scene = world({ annotations: { 'fluxcd.io/automated': 'true' } });
  const [workload] = scene.defined;
  if (workload === undefined) return;
  const results = planRelease({ type: 'auto' }, scene);
  const other = { ...workload, id: 'shop:deployment/other' };
  const edited = { ...workload, containers: [{ name: 'app', image: parseImageRef('acme/app:2.0.0') }] };
  expect(() => verifyRelease([workload, other], results, [edited, other])).not.toThrow();
  for (const after of [
    [workload, other],
    [edited],
    [edited, other, { ...other, id: 'x' }],
    [edited, { ...edited, id: other.id }],
  ]) {
    expect(() => verifyRelease([workload, other], results, after)).toThrow(
      /^Cannot release "[^"]+": failed to verify changes: /,
    );
  }
});

it('every kind of spec survives the queue', () => {
  const specs = [
    { type: 'auto' },
    { ...all, workloads: [id], excludes: [] },
    {
      type: 'containers',
      containers: { [id]: [{ container: 'app', current: 'a:1', target: 'a:2' }] },
      skipMismatches: true,
      force: false,
    },
    { type: 'policy', workloads: { [id]: { add: { automated: 'true' }, remove: ['locked'] } } },
  ];
  for (const spec of specs) expect(ReleaseSpec.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
  expect(ReleaseSpec.safeParse({ type: 'image', workloads: [''], image: 'x' }).success).toBe(false);
});

it('images that several workloads get are named once, in order', () => {
  const target = parseImageRef('b:1');
  const update = { container: 'app', current: target, target };
  const results = new Map([
    ['x', { status: 'success' as const, containers: [update, { ...update, target: parseImageRef('a:10') }] }],
    ['y', { status: 'success' as const, containers: [update, { ...update, target: parseImageRef('a:1') }] }],
    ['z', { status: 'failed' as const, containers: [{ ...update, target: parseImageRef('c:1') }] }],
  ]);
  expect(changedImages(results)).toEqual(['a:1', 'a:10', 'b:1']);
});
