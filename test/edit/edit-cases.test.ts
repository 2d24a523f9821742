import { expect, it } from 'vitest';
import { containersOf, writesOf } from '../../lib/domain/images/containers.ts';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import { annotationChanges, type PolicyUpdate } from '../../lib/domain/images/policies.ts';
import { parseWorkloadId } from '../../lib/domain/release/workload-id.ts';
import { findObjects } from '../../lib/edit/find-object.ts';
import { setAnnotations } from '../../lib/edit/set-annotations.ts';
import { replaceImage, setImages, setPaths } from '../../lib/edit/set-images.ts';
import { mayHoldMarkers, setMarkers } from '../../lib/edit/set-markers.ts';
import { parseYamlFile } from '../../lib/edit/yaml-file.ts';
import { readYaml } from '../../lib/render/read-yaml.ts';
import { describeShared } from '../shared.ts';
import { type SharedCase, sharedCases } from '../shared-cases.ts';
import { changedLines } from './changed-lines.ts';
import { commentsOf } from './comments.ts';

/**
 * The expected texts are those of an editor that lays the file out anew; Sluice changes no byte beyond the value (DESIGN §6). So data and comments are
 * compared, and that no line but the edited ones is another.
 */
function expectSame(found: string, expected: string, before: string, lines: number): void {
  expect(readYaml(found, 'found.yaml').map(({ value }) => value)).toEqual(
    readYaml(expected, 'expected.yaml').map(({ value }) => value),
  );
  expect(commentsOf(found)).toEqual(commentsOf(before));
  const changed = changedLines(before, found);
  expect(changed.removed.length).toBeLessThanOrEqual(lines);
  expect(changed.added.length).toBeLessThanOrEqual(lines);
}

interface Document {
  readonly workload: string;
  readonly document: string;
}

interface Edited {
  readonly document?: string;
  readonly error?: string | true;
}

function expectEdit(
  act: () => string,
  { input, expect: expected }: SharedCase<{ document: string }, Edited>,
  lines: number,
): void {
  if (expected.error !== undefined || expected.document === undefined) {
    expect(act).toThrow(/^Cannot edit "a.yaml": /);
    return;
  }
  expectSame(act(), expected.document, input.document, lines);
}

function place(workload: string) {
  return { workload: parseWorkloadId(workload) };
}

describeShared('yaml_image_updates.json', (directory) => {
  const rows = sharedCases(directory, 'yaml_image_updates');

  it.each(rows<Document & { containers: string[]; image: string }, Edited>('flux1_container_image'))('%s', (_, row) => {
    const { workload, containers, image, document } = row.input;
    const images = new Map(containers.map((container) => [container, parseImageRef(image)]));
    expectEdit(() => setImages(document, 'a.yaml', place(workload), images), row, 3 * images.size);
  });

  it.each(rows<Document & { container: string; image: string }, Edited>('kubeyaml_image'))('%s', (_, row) => {
    const { workload, container, image, document } = row.input;
    const images = new Map([[container, parseImageRef(image)]]);
    const act = () => setImages(document, 'a.yaml', place(workload), images);
    if (row.expect.error !== undefined) expect(act).toThrow(String(row.expect.error).split('\n')[0]);
    expectEdit(act, row, 3);
  });

  interface ImagePaths {
    readonly basepath: string;
    readonly registry?: string;
    readonly repository: string;
    readonly tag?: string;
  }

  it.each(rows<Document & { image: string; paths: ImagePaths }, Edited>('flux1_helm_image_paths'))('%s', (_, row) => {
    const { workload, image, paths, document } = row.input;
    const pathOf = (path: string) => `${paths.basepath}${path}`.split('.');
    const ref = parseImageRef(image);
    const places = {
      ...(paths.registry !== undefined && { registry: pathOf(paths.registry) }),
      image: pathOf(paths.repository),
      ...(paths.tag !== undefined && { tag: pathOf(paths.tag) }),
    };
    const values = writesOf({ name: '', image: ref, places }, ref).map(({ path, value }): [string, string] => [
      path.join('.'),
      value,
    ]);
    expectEdit(() => setPaths(document, 'a.yaml', place(workload), new Map(values)), row, 3);
  });

  it.each(rows<Document & { paths: Record<string, string> }, Edited>('kubeyaml_set'))('%s', (_, row) => {
    const { workload, paths, document } = row.input;
    expectEdit(
      () => setPaths(document, 'a.yaml', place(workload), new Map(Object.entries(paths))),
      row,
      Object.keys(paths).length,
    );
  });

  it.each(rows<Document & { annotations: Record<string, string> }, Edited>('kubeyaml_annotate'))('%s', (_, row) => {
    const { workload, annotations, document } = row.input;
    const changes = new Map(Object.entries(annotations).map(([key, value]) => [key, value === '' ? undefined : value]));
    expectEdit(() => setAnnotations(document, 'a.yaml', place(workload), changes), row, 1 + changes.size);
  });

  interface Replace {
    readonly document: string;
    readonly replace: { readonly from: string; readonly to: string } | null;
  }

  it.each(rows<Replace, Edited>('replace_everywhere'))('%s', (_, row) => {
    const { document, replace } = row.input;
    const from = parseImageRef(replace?.from ?? 'used:v1.0.0');
    const act = () => replaceImage(document, 'a.yaml', from, parseImageRef(replace?.to ?? 'used:v1.1.0'));
    expectEdit(act, row, replace === null ? 0 : 9);
  });

  interface Setters {
    readonly policies: Readonly<Record<string, string>>;
    readonly files: Readonly<Record<string, string>>;
  }

  interface Change {
    readonly old: string;
    readonly new: string;
    readonly setter: string;
  }

  interface Set {
    readonly files: Readonly<Record<string, string>>;
    readonly changes?: readonly Change[] | Readonly<Record<string, readonly Change[]>>;
    readonly objects?: Readonly<Record<string, unknown>>;
  }

  it.each(rows<Setters, Set>('flux2_setters'))('%s', (_, { input, expect: expected }) => {
    const images = new Map(
      Object.entries(input.policies).map(([name, image]) => [name.replace('/', ':'), parseImageRef(image)]),
    );
    const byFile = new Map<string, readonly Change[]>();
    for (const [file, text] of Object.entries(input.files)) {
      const marked = mayHoldMarkers(file) ? setMarkers(text, file, images) : { text, changes: [] };
      expect(marked.text, file).toBe(expected.files[file] ?? text);
      const changes = marked.changes.map(({ old, new: value, setter }) => ({ old, new: value, setter }));
      if (changes.length > 0) byFile.set(file, changes);
      for (const { object } of marked.changes) if (expected.objects) expect(object).toEqual(expected.objects[file]);
    }
    if (expected.changes === undefined) return;
    if (Array.isArray(expected.changes)) expect([...byFile.values()].flat()).toEqual(expected.changes);
    else expect(Object.fromEntries(byFile)).toEqual(expected.changes);
  });
});

describeShared('policy_annotations.json', (directory) => {
  interface Update {
    readonly add: PolicyUpdate['add'];
    readonly remove: PolicyUpdate['remove'];
  }

  it.each(sharedCases(directory, 'policy_annotations')<Document & Update, Edited>('update_policies'))(
    '%s',
    (_, row) => {
      const { workload, document, add, remove } = row.input;
      function act(): string {
        const [found] = findObjects(parseYamlFile(document, 'a.yaml'), parseWorkloadId(workload), 'default');
        const containers = found ? containersOf(found.object).map(({ name }) => name) : [];
        const changes = annotationChanges(found?.object.metadata.annotations ?? {}, containers, { add, remove });
        return setAnnotations(document, 'a.yaml', place(workload), changes);
      }
      if (row.expect.error !== undefined) expect(act).toThrow(/^Cannot (?:set|edit)/);
      else expectEdit(act, row, 4);
    },
  );
});
