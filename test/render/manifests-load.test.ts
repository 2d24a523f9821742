import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { idOf, type KubeObject, type Manifest } from '../../lib/domain/objects/kube-object.ts';
import { patchManifests } from '../../lib/render/patch-manifests.ts';
import { readManifests, readObjects } from '../../lib/render/read-manifests.ts';
import { describeShared } from '../shared.ts';
import { makeCheckout, renderIn } from './checkout.ts';
import { makePatch } from './make-patch.ts';

interface Case<Input, Expect> {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: Input;
  readonly expect: Expect;
}

interface Files {
  readonly files: Readonly<Record<string, string>>;
  readonly paths: string[];
}

function read(text: string): readonly Manifest[] {
  return readManifests(text, 'a.yaml', { withoutKind: 'warn' }).manifests;
}

function byId(manifests: readonly Manifest[]): Readonly<Record<string, KubeObject>> {
  return Object.fromEntries(manifests.map(({ object }) => [idOf(object), object]));
}

describeShared('manifests_load.json', (directory) => {
  const { cases } = JSON.parse(readFileSync(join(directory, 'cases/manifests_load.json'), 'utf8'));

  function rows<Input, Expect>(kind: string): [string, Case<Input, Expect>][] {
    const found = (cases as Case<Input, Expect>[]).filter((row) => row.kind === kind);
    expect(found.length).toBeGreaterThan(0);
    return found.map((row) => [`${row.id} ${row.name}`, row]);
  }

  it.each(rows<{ document: string }, { ids?: string[]; error?: true }>('parse'))(
    '%s',
    (_name, { input, expect: { ids } }) => {
      function parse(): readonly string[] {
        const objects = readObjects(input.document, 'a.yaml', { withoutKind: 'warn' }, []);
        // The rows are of Flux v1, to which the apiVersion is no part of an object's identity.
        return objects.map(({ object }) => idOf({ apiVersion: '', ...object } as KubeObject)).sort();
      }
      if (ids) expect(parse()).toEqual([...ids].sort());
      else expect(parse).toThrow(/^Cannot read "a.yaml": line \d+, column \d+: /);
    },
  );

  it.each(rows<Files, { resources: Record<string, string> }>('load'))(
    '%s',
    async (_name, { input, expect: { resources } }) => {
      const checkout = await makeCheckout(input.files);
      for (const renderer of ['plain', 'auto'] as const) {
        const { manifests } = await renderIn(checkout, { paths: input.paths, renderer });
        const found = manifests.map(({ object, file }) => [idOf(object).replace('<cluster>', 'default'), file]);
        expect(Object.fromEntries(found)).toEqual(resources);
        expect(found).toHaveLength(Object.keys(resources).length);
      }
    },
  );

  it.each(rows<Files, { error: true }>('load_error'))('%s', async (_name, { input }) => {
    const checkout = await makeCheckout(input.files);
    await expect(renderIn(checkout, { paths: input.paths })).rejects.toMatchObject({
      fault: 'user',
      message: `Cannot read "${input.paths[0]}": it is not in the checkout`,
    });
  });

  it.each(rows<{ original: string; modified: string }, unknown>('patch'))('%s', (_name, { input }) => {
    const original = read(input.original);
    const modified = read(input.modified);
    const patches = modified.map(({ object }) => {
      const from = byId(original)[idOf(object)];
      if (!from) throw new Error(`${idOf(object)} is only in the modified text`);
      return { object: makePatch(from, object), file: 'flux-patch.yaml' };
    });
    expect(byId(patchManifests(original, patches))).toEqual(byId(modified));
  });
});
