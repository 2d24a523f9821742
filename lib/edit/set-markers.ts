import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import * as z from 'zod/mini';
import { formatImageName, type ImageRef } from '../domain/images/image-ref.ts';
import { fieldAt, type Path } from '../domain/objects/field-at.ts';
import { ownPair } from './find-node.ts';
import { setScalars } from './set-scalars.ts';
import { parseYamlFile, type YamlFile } from './yaml-file.ts';

/** What Flux v2's markers say is to stand where: `image: app:1 # {"$imagepolicy": "flux-system:app"}`, with `:tag`, `:name`, `:digest` for a part. */
export interface MarkerChange {
  /** `namespace:name[:part]` of the policy. */
  readonly setter: string;
  readonly old: string;
  readonly new: string;
  /** The object that holds it; of a kustomization namespace and name are empty. */
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  };
}

export interface MarkedFile {
  readonly text: string;
  readonly changes: readonly MarkerChange[];
}

const token = '"$imagepolicy"';
const Marker = z.object({ $imagepolicy: z.string() });

/** Files that Flux v2 looks into. */
export function mayHoldMarkers(name: string): boolean {
  return /\.ya?ml$/.test(name) || /(?:^|\/)Kustomization$/.test(name);
}

/** The policies that a text has markers of, as `namespace:name`; nothing is parsed, so that what is no YAML (templates of charts) does no harm. */
export function markersIn(text: string): ReadonlySet<string> {
  const found = text.matchAll(/"\$imagepolicy"\s*:\s*"([^":\s]+:[^":\s]+)(?::[a-z]+)?"/g);
  return new Set([...found].map(([, policy = '']) => policy));
}

/**
 * The text of a file with the images of policies, by `namespace:name`, where markers of these say; other markers are left alone. A text
 * without a marker is not touched and not even read. Throws a `user` Failure for a file with markers that cannot be read or edited.
 */
export function setMarkers(text: string, name: string, images: ReadonlyMap<string, ImageRef>): MarkedFile {
  if (!text.includes(token)) return { text, changes: [] };
  const file = parseYamlFile(text, name);
  const found = markedScalars(file).flatMap((scalar): Found[] => {
    const value = valueFor(scalar.setter, images);
    return value === undefined || value === scalar.old ? [] : [{ ...scalar, value }];
  });
  return {
    text: setScalars(file, found, { quotes: 'double' }),
    changes: found.map(({ setter, old, value, document }) => {
      return { setter, old, new: value, object: describe(file, document) };
    }),
  };
}

interface MarkedScalar {
  readonly document: number;
  readonly path: Path;
  readonly setter: string;
  readonly old: string;
}

interface Found extends MarkedScalar {
  readonly value: string;
}

/** A digest that is not known is not written: an empty one would break the reference. */
function valueFor(setter: string, images: ReadonlyMap<string, ImageRef>): string | undefined {
  const [namespace, policy, part, ...more] = setter.split(':');
  const image = images.get(`${namespace}:${policy}`);
  if (image === undefined || more.length > 0) return undefined;
  const { tag, digest } = image;
  const name = formatImageName(image);
  if (part === 'name') return name;
  if (part === 'tag') return tag;
  if (part === 'digest') return digest;
  if (part !== undefined || tag === undefined) return undefined;
  return `${name}:${tag}${digest === undefined ? '' : `@${digest}`}`;
}

function markedScalars(file: YamlFile): readonly MarkedScalar[] {
  return file.documents.flatMap(({ document: { contents } }, document) =>
    [...scalarsIn(contents, [])].flatMap(([path, node]): MarkedScalar[] => {
      const setter = markerBehind(file.text, node);
      return setter === undefined ? [] : [{ document, path, setter, old: String(node.value ?? '') }];
    }),
  );
}

/** Each where it is written, also within an anchor. */
function* scalarsIn(node: unknown, path: Path): Generator<readonly [Path, Scalar]> {
  if (isScalar(node)) yield [path, node];
  else if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* scalarsIn(item, [...path, index]);
  else if (isMap(node)) {
    for (const pair of node.items) {
      if (!isScalar(pair.key)) continue;
      const key = String(pair.key.value);
      if (ownPair(node, key) === pair) yield* scalarsIn(pair.value, [...path, key]);
    }
  }
}

/** The comment that ends the line of a scalar, if it is exactly a marker. */
function markerBehind(text: string, { range }: Scalar): string | undefined {
  const [, end = 0] = range ?? [];
  const lineEnd = text.indexOf('\n', end);
  const rest = text.slice(end, lineEnd < 0 ? text.length : lineEnd);
  const [, comment] = /^\s*#\s*(.*?)\s*$/.exec(rest) ?? [];
  if (comment?.includes(token) !== true) return undefined;
  const parsed = z.safeParse(Marker, parseJson(comment));
  return parsed.success ? parsed.data.$imagepolicy : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As Flux v2 names what it changed: by the document, not by an item of a List. */
function describe(file: YamlFile, document: number): MarkerChange['object'] {
  const value = file.documents[document]?.value;
  const textAt = (...path: readonly string[]): string => {
    const found = fieldAt(value, path);
    return typeof found === 'string' ? found : '';
  };
  return {
    apiVersion: textAt('apiVersion'),
    kind: textAt('kind'),
    namespace: textAt('metadata', 'namespace'),
    name: textAt('metadata', 'name'),
  };
}
