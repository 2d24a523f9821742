import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Failure } from '../../lib/domain/failure.ts';
import type { Path } from '../../lib/domain/objects/field-at.ts';
import type { Json } from '../../lib/domain/objects/kube-object.ts';
import { withValue } from '../../lib/edit/same-json.ts';
import { setAnnotations } from '../../lib/edit/set-annotations.ts';
import { setScalars } from '../../lib/edit/set-scalars.ts';
import { parseYamlFile } from '../../lib/edit/yaml-file.ts';
import { readYaml } from '../../lib/render/read-yaml.ts';
import { changedLines } from './changed-lines.ts';
import { commentsOf } from './comments.ts';
import { deployment, inRandomLayout } from './random-yaml.ts';

const values = fc.constantFrom(
  'acme/app:2.0',
  '1.30',
  'true',
  '0123',
  '1e3',
  'v2',
  'a: b # c',
  "it's",
  '',
  'two\nlines',
  '*x',
  '🚀',
);

function valuesOf(text: string): Json[] {
  return readYaml(text, 'a.yaml').map(({ value }) => value);
}

function textsIn(value: Json | undefined, path: Path): Path[] {
  if (typeof value === 'string') return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
}

/** What lies between the longest common beginning and the longest common end. */
function difference(before: string, after: string): { readonly old: string; readonly new: string } {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  return { old: before.slice(start, before.length - end), new: after.slice(start, after.length - end) };
}

function attempt(edit: () => string): string | Failure {
  try {
    return edit();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const files = fc.array(deployment, { minLength: 1, maxLength: 3 }).chain((documents) => inRandomLayout(documents));

it('an edit of any text in any layout changes that text and not one byte beside it, or is refused with the reason', () => {
  const counts = { done: 0, refused: 0 };
  fc.assert(
    fc.property(files, fc.nat(), fc.nat(), values, (text, whichDocument, whichPath, value) => {
      const file = parseYamlFile(text, 'a.yaml');
      const document = whichDocument % file.documents.length;
      const paths = textsIn(file.documents[document]?.value, []);
      const path = paths[whichPath % paths.length] ?? [];
      const edited = attempt(() => setScalars(file, [{ document, path, value }]));
      if (edited instanceof Failure) {
        counts.refused++;
        expect(edited.message).toMatch(/: (?:it is a block of lines|the value is shared with other places)/);
        return;
      }
      counts.done++;
      const wanted = valuesOf(text);
      wanted[document] = withValue(wanted[document] ?? null, path, value);
      expect(valuesOf(edited)).toEqual(wanted);
      expect(commentsOf(edited)).toEqual(commentsOf(text));
      const changed = difference(text, edited);
      // An anchor that somebody else uses has moved to its first alias: two places, and nothing in between.
      if (/&a\d+/.test(changed.old)) {
        const { removed, added } = changedLines(text, edited);
        expect(removed.length).toBe(added.length);
        expect(added.length).toBeLessThanOrEqual(2);
        return;
      }
      // The new text is on one line; the old one may be folded over several.
      expect(changed.new).not.toMatch(/[\r\n]/);
      expect(changed.old.split('\n').length).toBeLessThanOrEqual(6);
    }),
    { numRuns: 300 },
  );
  expect(counts.refused / counts.done).toBeLessThan(0.1);
});

const keys = fc.constantFrom(
  'fluxcd.io/automated',
  'fluxcd.io/tag.app',
  'fluxcd.io/locked_msg',
  'prometheus.io/scrape',
  'note',
);
const changes = fc.dictionary(
  keys,
  fc.option(fc.constantFrom('true', 'semver:~1.4', 'why\nnot', 'a: b'), { nil: undefined }),
  { minKeys: 1, maxKeys: 4 },
);

it('annotations are set and removed in any layout, and everything else stays', () => {
  const counts = { done: 0, refused: 0 };
  fc.assert(
    fc.property(files, fc.nat(), changes, (text, which, wanted) => {
      const all = valuesOf(text);
      const target = all[which % all.length] as {
        metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
      };
      const { name, namespace = 'default' } = target.metadata;
      const first = all.find((value) => {
        const { metadata } = value as typeof target;
        return metadata.name === name && (metadata.namespace ?? 'default') === namespace;
      }) as typeof target;
      const edited = attempt(() =>
        setAnnotations(
          text,
          'a.yaml',
          { workload: { namespace, kind: 'deployment', name } },
          new Map(Object.entries(wanted)),
        ),
      );
      if (edited instanceof Failure) {
        counts.refused++;
        expect(edited.message).toMatch(/^Cannot edit "a.yaml": metadata/);
        return;
      }
      counts.done++;
      const { annotations, ...metadata } = first.metadata;
      const after = Object.fromEntries(
        Object.entries({ ...annotations, ...wanted }).filter(([, value]) => value !== undefined),
      );
      const touched = Object.entries(wanted).some(([key, value]) => annotations?.[key] !== value);
      const expected = touched
        ? { ...first, metadata: { ...metadata, ...(Object.keys(after).length > 0 && { annotations: after }) } }
        : first;
      expect(valuesOf(edited)).toEqual(all.map((value) => (value === first ? expected : value)));
      if (!touched) expect(edited).toBe(text);
      // Lines of other things are still there, in their order.
      const others = (lines: string) => lines.split('\n').filter((line) => /image|replicas|args|kind/.test(line));
      expect(others(edited)).toEqual(
        expect.arrayContaining(others(text).filter((line) => !/metadata|annotations/.test(line))),
      );
    }),
    { numRuns: 300 },
  );
  expect(counts.refused / counts.done).toBeLessThan(0.15);
});
