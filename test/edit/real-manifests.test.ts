import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { containersOf, isEditableKind } from '../../lib/domain/images/containers.ts';
import { formatImageRef, type ImageRef } from '../../lib/domain/images/image-ref.ts';
import { idOf } from '../../lib/domain/objects/kube-object.ts';
import { parseWorkloadId } from '../../lib/domain/release/workload-id.ts';
import { objectsIn } from '../../lib/edit/find-object.ts';
import { setAnnotations } from '../../lib/edit/set-annotations.ts';
import { setImages } from '../../lib/edit/set-images.ts';
import { parseYamlFile, type YamlFile } from '../../lib/edit/yaml-file.ts';
import { describeShared } from '../shared.ts';
import { changedLines } from './changed-lines.ts';

interface Text {
  readonly name: string;
  readonly text: string;
}

/** The manifests of the repositories and every YAML text in the cases. */
function textsIn(directory: string): readonly Text[] {
  const corpus = readdirSync(join(directory, 'corpus'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(directory, 'corpus', name), 'utf8') }));
  const cases = readdirSync(join(directory, 'cases')).filter((name) => name.endsWith('.json'));
  return [
    ...corpus,
    ...cases.flatMap((name) =>
      [...stringsIn(JSON.parse(readFileSync(join(directory, 'cases', name), 'utf8')))].map((text) => ({ name, text })),
    ),
  ];
}

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    if (/^\s*kind:|"kind":/m.test(value)) yield value;
  } else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) yield* stringsIn(item);
}

function tryParse({ name, text }: Text): YamlFile | undefined {
  try {
    return parseYamlFile(text, name);
  } catch {
    return undefined;
  }
}

describeShared('real manifests', (directory) => {
  const files = textsIn(directory).flatMap((text) => tryParse(text) ?? []);

  it('are many', () => expect(files.length).toBeGreaterThan(150));

  const workloads = files.flatMap((file) =>
    objectsIn(file)
      .filter(({ object }) => isEditableKind(object.kind))
      .map(({ object }) => ({ file, object, workload: parseWorkloadId(idOf(object).replace('<cluster>', 'default')) })),
  );

  it('an image of any of them is changed in as many lines as hold its parts', () => {
    let edits = 0;
    const refused: string[] = [];
    for (const { file, object, workload } of workloads) {
      for (const { name, image, places } of containersOf(object)) {
        for (const tag of ['2.0.1', '1.30', 'true', '1e3', '0123']) {
          const { digest: _, ...undigested } = image;
          const target: ImageRef = { ...undigested, tag };
          if (formatImageRef(target) === formatImageRef(image)) continue;
          edits++;
          try {
            const edited = setImages(file.text, file.name, { workload }, new Map([[name, target]]));
            const { removed, added } = changedLines(file.text, edited);
            expect(removed.length, `${file.name} ${name}`).toBe(added.length);
            expect(removed.length).toBeLessThanOrEqual(Object.keys(places).length);
            const after = objectsIn(parseYamlFile(edited, file.name)).flatMap((placed) => containersOf(placed.object));
            expect(after.map((one) => formatImageRef(one.image))).toContain(formatImageRef(target));
          } catch (error) {
            if (!(error instanceof Error) || !('code' in error)) throw error;
            refused.push(`${file.name}: ${error.message}`);
          }
        }
      }
    }
    expect(edits).toBeGreaterThan(500);
    expect(refused).toEqual([]);
  });

  it('an annotation that is added and removed again leaves every byte as it was', () => {
    let edits = 0;
    for (const { file, workload, object } of workloads) {
      const key = 'fluxcd.io/locked_msg';
      if (object.metadata.annotations?.[key] !== undefined) continue;
      const added = setAnnotations(file.text, file.name, { workload }, new Map([[key, 'until the sale is over']]));
      expect(added).not.toBe(file.text);
      expect(changedLines(file.text, added).added.length).toBeLessThanOrEqual(2 + (file.text.endsWith('\n') ? 0 : 1));
      expect(setAnnotations(added, file.name, { workload }, new Map([[key, undefined]])), file.name).toBe(file.text);
      edits++;
    }
    expect(edits).toBeGreaterThan(100);
  });
});
