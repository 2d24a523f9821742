import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expect, it } from 'vitest';
import { formatRelease } from '../../../lib/cli/print-release.ts';
import { containersOf } from '../../../lib/domain/images/containers.ts';
import type { ImageInfo, RepositoryImages } from '../../../lib/domain/images/image-info.ts';
import { canonicalName, formatImageRef, parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { policiesOf } from '../../../lib/domain/images/policies.ts';
import { idOf } from '../../../lib/domain/objects/kube-object.ts';
import { releaseMessage } from '../../../lib/domain/release/commit-message.ts';
import { planRelease } from '../../../lib/domain/release/plan-release.ts';
import { readReleaseRequest } from '../../../lib/domain/release/release-request.ts';
import { type ReleaseResults, updated, type WorkloadResult } from '../../../lib/domain/release/release-result.ts';
import { type ContainersSpec, checkImageSpec, type ImageSpec } from '../../../lib/domain/release/release-spec.ts';
import type { DefinedWorkload, ReleaseWorld } from '../../../lib/domain/release/release-world.ts';
import { verifyRelease } from '../../../lib/domain/release/verify-release.ts';
import { readManifests } from '../../../lib/render/read-manifests.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

interface CaseImage {
  readonly ref: string;
  readonly createdOffset: number | null;
}

interface CaseWorkload {
  readonly id: string;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

interface CaseWorld {
  readonly running: readonly CaseWorkload[];
  readonly registry?: readonly CaseImage[];
}

interface CaseResult {
  readonly status: string;
  readonly error?: string;
  readonly containers?: readonly { readonly container: string; readonly current: string; readonly target: string }[];
}

function repositories(registry: readonly CaseImage[]): ReadonlyMap<string, RepositoryImages> {
  const images = new Map<string, { readonly tags: string[]; readonly images: Map<string, ImageInfo> }>();
  for (const { ref, createdOffset } of registry) {
    const { tag = '', ...name } = parseImageRef(ref);
    const repository = images.get(canonicalName(name)) ?? {
      tags: [] as string[],
      images: new Map<string, ImageInfo>(),
    };
    repository.tags.push(tag);
    repository.images.set(tag, {
      tag,
      ...(createdOffset !== null && { created: 1_500_000_000_000 + createdOffset * 1000 }),
    });
    images.set(canonicalName(name), repository);
  }
  return images;
}

function containers(workload: CaseWorkload): DefinedWorkload['containers'] {
  return workload.containers.map(({ name, image }) => ({ name, image: parseImageRef(image) }));
}

function show({ status, error, containers }: WorkloadResult): CaseResult {
  return {
    status,
    ...(error !== undefined && { error }),
    ...(containers.length > 0 && {
      containers: containers.map(({ container, current, target }) => ({
        container,
        current: formatImageRef(current),
        target: formatImageRef(target),
      })),
    }),
  };
}

function read({ status, error, containers = [] }: CaseResult): WorkloadResult {
  const updates = containers.map(({ container, current, target }) => ({
    container,
    current: parseImageRef(current),
    target: parseImageRef(target),
  }));
  return { status: status as WorkloadResult['status'], containers: updates, ...(error !== undefined && { error }) };
}

describeShared('release_logic.json', (directory) => {
  const rows = sharedCases(directory, 'release_logic');
  const { fixtures } = JSON.parse(readFileSync(join(directory, 'cases/release_logic.json'), 'utf8'));

  /** What the files of the fixtures define: charts and what is no YAML are left out where files are found, which is not tried here. */
  function defined(): readonly DefinedWorkload[] {
    const files = Object.entries(fixtures.files as Record<string, string>);
    const manifests = files
      .filter(([file]) => file.endsWith('.yaml') && !file.startsWith('charts/'))
      .flatMap(([file, text]) => readManifests(text, file, { withoutKind: 'warn' }).manifests);
    return manifests
      .map(({ object }) => ({
        id: idOf(object).replace('<cluster>', 'default'),
        policies: policiesOf(object.metadata.annotations),
        containers: containersOf(object),
      }))
      .filter((workload) => workload.containers.length > 0);
  }

  function worldOf({ running, registry = [] }: CaseWorld): ReleaseWorld {
    return {
      defined: defined(),
      running: new Map(running.map((workload) => [workload.id, { containers: containers(workload) }])),
      images: repositories(registry),
    };
  }

  it('the workloads of the fixtures are found', () => {
    expect(
      defined()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...fixtures.workloads].sort());
  });

  function expectResults(
    results: ReleaseResults,
    expected: Readonly<Record<string, CaseResult>>,
    others?: CaseResult,
  ): void {
    for (const [id, result] of Object.entries(expected)) {
      expect(show(results.get(id) ?? { status: 'failed', containers: [] }), id).toEqual(result);
    }
    if (others === undefined) return;
    for (const id of fixtures.workloads) {
      if (expected[id] === undefined)
        expect(show(results.get(id) ?? { status: 'failed', containers: [] }), id).toEqual(others);
    }
  }

  interface Release {
    readonly results?: Readonly<Record<string, CaseResult>>;
    readonly else?: CaseResult;
    readonly error?: string | true;
    readonly commitMessage?: string;
  }

  it.each(rows<CaseWorld & { spec: Omit<ImageSpec, 'type'> }, Release>('release'))(
    '%s',
    (_, { input, expect: expected }) => {
      const act = () => planRelease({ type: 'image', ...input.spec }, worldOf(input));
      if (expected.error !== undefined) return expect(act).toThrow(/^Cannot release/);
      return expectResults(act(), expected.results ?? {}, expected.else);
    },
  );

  interface Changes {
    readonly workload: string;
    readonly changes: ContainersSpec['containers'][string];
    readonly force: boolean;
    readonly skipMismatches: boolean;
  }

  it.each(rows<CaseWorld & Changes, Release>('release_containers'))('%s', (_, { input, expect: expected }) => {
    const { workload, changes, force, skipMismatches } = input;
    const spec: ContainersSpec = { type: 'containers', containers: { [workload]: changes }, force, skipMismatches };
    const act = () => planRelease(spec, worldOf(input));
    if (expected.error !== undefined) return expect(act).toThrow(String(expected.error));
    const results = act();
    expectResults(results, expected.results ?? {});
    if (expected.commitMessage !== undefined) expect(releaseMessage(spec, results)).toBe(expected.commitMessage);
    return expect(expected.results).toBeDefined();
  });

  it.each(rows<CaseWorld & { spec: Omit<ImageSpec, 'type'> }, unknown>('bad_release'))('%s', (_, { input }) => {
    const world = worldOf(input);
    const results = planRelease({ type: 'image', ...input.spec }, world);
    expect([...results.values()].some(({ status }) => status === 'success')).toBe(true);
    expect(() => verifyRelease(world.defined, results, world.defined)).toThrow('failed to verify changes');
  });

  it.each(rows<{ images: string[] }, { message: string }>('commit_message'))(
    '%s',
    (_, { input, expect: { message } }) => {
      const results = new Map(
        input.images.map((image, index) => {
          const target = parseImageRef(image);
          return [`default:deployment/${index}`, updated([{ container: 'app', current: target, target }])];
        }),
      );
      expect(releaseMessage({ type: 'auto' }, results)).toBe(message);
    },
  );

  // Sluice prints no blanks at the end of a line.
  it.each(rows<{ result: Record<string, CaseResult>; verbosity: 0 | 1 | 2 }, { text: string }>('print'))(
    '%s',
    (_, row) => {
      const results = new Map(Object.entries(row.input.result).map(([id, result]) => [id, read(result)]));
      const lines = row.expect.text.replace(/^\n|\n$/g, '').split('\n');
      expect(formatRelease(results, row.input.verbosity)).toEqual(lines.map((line) => line.trimEnd()));
    },
  );

  interface Arguments {
    readonly args: readonly string[];
    readonly defaultNamespace: string;
  }

  interface Requested {
    readonly error?: boolean;
    readonly workloads?: readonly string[];
    readonly image?: string;
    readonly kind?: string;
    readonly excludes?: readonly string[];
    readonly force?: boolean;
  }

  function request({ args, defaultNamespace }: Arguments) {
    const list = { type: 'string', multiple: true } as const;
    const flag = { type: 'boolean' } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        workload: list,
        controller: list,
        exclude: list,
        namespace: { type: 'string', short: 'n' },
        'update-image': { type: 'string', short: 'i' },
        all: flag,
        'update-all-images': flag,
        'dry-run': flag,
        interactive: flag,
        force: { ...flag, short: 'f' },
        watch: { ...flag, short: 'w' },
      },
    });
    if (positionals.length > 0) throw new Error('Cannot release: there are no subcommands');
    const ids = (texts: readonly string[] = []) => texts.flatMap((text) => text.split(','));
    const image = values['update-image'];
    return readReleaseRequest({
      workloads: ids([...(values.workload ?? []), ...(values.controller ?? [])]),
      all: values.all ?? false,
      ...(image !== undefined && { image }),
      allImages: values['update-all-images'] ?? false,
      exclude: ids(values.exclude),
      force: values.force ?? false,
      dryRun: (values['dry-run'] ?? false) || (values.interactive ?? false),
      watch: values.watch ?? false,
      namespace: values.namespace ?? defaultNamespace,
    });
  }

  it.each(rows<Arguments, Requested>('cli_release'))('%s', (_, { input, expect: expected }) => {
    if (expected.error) return expect(() => request(input)).toThrow(/^Cannot /);
    const { spec, plan } = request(input);
    return expect({ ...spec, kind: plan ? 'plan' : 'execute' }).toMatchObject(expected);
  });
});

describeShared('tag_policies_flux1.json', (directory) => {
  interface Automation {
    readonly workload: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly running: CaseWorkload['containers'];
    readonly registry: readonly CaseImage[];
  }

  interface Changed {
    readonly changes: readonly { readonly container: string; readonly image: string }[];
  }

  it.each(sharedCases(directory, 'tag_policies_flux1')<Automation, Changed>('automation'))(
    '%s',
    (_, { input, expect: { changes } }) => {
      const images = containers({ id: input.workload, containers: input.running });
      const results = planRelease(
        { type: 'auto' },
        {
          defined: [{ id: input.workload, policies: policiesOf(input.annotations), containers: images }],
          running: new Map([[input.workload, { containers: images }]]),
          images: repositories(input.registry),
        },
      );
      const updates = results.get(input.workload)?.containers ?? [];
      expect(updates.map(({ container, target }) => ({ container, image: formatImageRef(target) }))).toEqual(changes);
    },
  );
});

describeShared('image_ref_parsing.json', (directory) => {
  it.each(sharedCases(directory, 'image_ref_parsing')<{ spec: string }, { error: boolean }>('image_spec'))(
    '%s',
    (_, { input: { spec }, expect: { error } }) => {
      if (error) expect(() => checkImageSpec(spec)).toThrow(/^Cannot (?:read|release) the image/);
      else expect(() => checkImageSpec(spec)).not.toThrow();
    },
  );
});
