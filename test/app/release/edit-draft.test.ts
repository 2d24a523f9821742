import { describe, expect, it } from 'vitest';
import { editDraft } from '../../../lib/app/release/edit-draft.ts';
import type { Draft } from '../../../lib/app/release-ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { updated } from '../../../lib/domain/release/release-result.ts';
import type { TargetImages } from '../../../lib/domain/release/target-images.ts';

type Lines = Readonly<Record<string, string>>;

/** Files of which each is the image of one workload, `target/workload`; `also` are files that an edit changes with another. */
function draftOf(files: Lines, also: Lines = {}, more: Partial<Draft> = {}) {
  const original = { ...files };
  let current: Record<string, string> = { ...files };
  const asked: string[] = [];

  function describeAll(lines: Lines): ReadonlyMap<string, TargetImages | Failure> {
    const targets = new Map<string, TargetImages>();
    for (const [path, image] of Object.entries(lines)) {
      const [target = '', name = ''] = path.split('/');
      const workloads = targets.get(target)?.workloads ?? [];
      const own = { id: `a:deployment/${name}`, policies: {}, containers: [{ name: 'app', image }] };
      targets.set(target, { workloads: [...workloads, own], policies: [] });
    }
    return targets;
  }
  const draft: Draft = {
    defined: describeAll(original),
    async setImages(target, workload, images) {
      asked.push(`${target} ${workload}`);
      const path = `${target}/${workload.replace('a:deployment/', '')}`;
      const image = images.get('app');
      for (const file of [path, also[path]])
        if (file !== undefined && image !== undefined) current[file] = `acme/web:${image.tag}`;
    },
    setPolicies: async () => undefined,
    setMarkers: async () => ({ values: [], problems: [] }),
    again: async () => describeAll(current),
    async reset() {
      current = { ...original };
    },
    get files() {
      return new Map(Object.entries(current).filter(([path, image]) => original[path] !== image));
    },
    ...more,
  };
  return { draft, asked };
}

function decided(...paths: readonly string[]) {
  const update = { container: 'app', current: parseImageRef('acme/web:1'), target: parseImageRef('acme/web:2') };
  const targets = Map.groupBy(paths, (path) => path.split('/')[0] ?? '');
  const results = [...targets].map(([target, own]) => ({
    target,
    // Of two containers of one name the first counts.
    results: new Map(own.map((path) => [`a:deployment/${path.split('/')[1]}`, updated([update, update])])),
  }));
  return { results, chosen: new Map() };
}

function statuses({ results }: Awaited<ReturnType<typeof editDraft>>) {
  return Object.fromEntries(
    results.flatMap(({ target, results: own }) => [...own].map(([id, { status }]) => [`${target} ${id}`, status])),
  );
}

describe('what was decided', () => {
  it('is written, and nothing else', async () => {
    const { draft } = draftOf({ 'a/web': 'acme/web:1', 'a/api': 'acme/web:1' });
    expect(statuses(await editDraft(draft, decided('a/web')))).toEqual({ 'a a:deployment/web': 'success' });
    expect([...draft.files]).toEqual([['a/web', 'acme/web:2']]);
  });

  it('has failed for the target whose edit changed something else of it, and is written for others', async () => {
    const { draft } = draftOf(
      { 'a/web': 'acme/web:1', 'a/db': 'acme/web:1', 'b/api': 'acme/web:1' },
      { 'a/web': 'a/db' },
    );
    expect(statuses(await editDraft(draft, decided('a/web', 'b/api')))).toEqual({
      'a a:deployment/web': 'failed',
      'b a:deployment/api': 'success',
    });
    expect([...draft.files.keys()]).toEqual(['b/api']);
  });

  it('has failed for all where a target changed that was to stay as it is', async () => {
    const { draft } = draftOf(
      { 'a/web': 'acme/web:1', 'b/api': 'acme/web:1', 'c/db': 'acme/web:1' },
      { 'a/web': 'c/db' },
    );
    expect(statuses(await editDraft(draft, decided('a/web', 'b/api')))).toEqual({
      'a a:deployment/web': 'failed',
      'b a:deployment/api': 'failed',
    });
    expect(draft.files.size).toBe(0);
  });

  it('has failed for a target that cannot be rendered any more', async () => {
    const files = { 'a/web': 'acme/web:1' };
    const broken = new Map([['a', new Failure('user', 'Cannot build "a": broken')]]);
    const { draft } = draftOf(files, {}, { again: async () => broken });
    const edited = await editDraft(draft, decided('a/web'));
    expect(edited.results[0]?.results.get('a:deployment/web')).toMatchObject({
      status: 'failed',
      error: 'Cannot build "a": broken',
    });
  });

  it('is nobody’s failure where the run was stopped', async () => {
    const stopped = new Failure('server', 'stopped', { code: 'Aborted' });
    const { draft } = draftOf({ 'a/web': 'acme/web:1' }, {}, { setImages: () => Promise.reject(stopped) });
    await expect(editDraft(draft, decided('a/web'))).rejects.toBe(stopped);
  });

  it('of a target that could not be rendered before is not compared', async () => {
    const { draft } = draftOf({ 'a/web': 'acme/web:1' });
    const defined = new Map([...draft.defined, ['b', new Failure('user', 'broken')] as const]);
    const { draft: other } = draftOf({ 'a/web': 'acme/web:1' }, {}, { defined });
    expect(statuses(await editDraft(other, decided('a/web')))).toEqual({ 'a a:deployment/web': 'success' });
  });
});
