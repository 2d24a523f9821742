import { fieldAt, type Path } from '../objects/field-at.ts';
import type { Container, ImagePlaces } from './container.ts';
import { tryParseImageRef } from './image-ref.ts';
import { compareText } from './version.ts';

/** The name of the image at the top of the values. */
const topContainer = 'chart-image';

/**
 * What looks like an image in the values of a Helm chart (facts/flux-v1.md §2.5): at the top, named `chart-image`, and in each map directly
 * below, named by its key; and what the annotations `repository.fluxcd.io/<name>` (with `registry.` and `tag.`) point at by dotted paths,
 * which win. `base` is where the values are in their object; a chart's own values.yaml has none.
 */
export function helmContainers(
  values: unknown,
  base: Path,
  annotations: Readonly<Record<string, string>> = {},
): readonly Container[] {
  const found = new Map<string, Container>();
  function add(container: Container | undefined): void {
    if (container !== undefined) found.set(container.name, container);
  }
  add(interpret(topContainer, values, []));
  if (isMap(values)) for (const key of Object.keys(values)) add(interpret(key, values, [key]));
  for (const [name, places] of mappedPlaces(annotations))
    if (isThere(values, places)) add(containerAt(name, values, places));
  const sorted = [...found.values()].sort((a, b) => byName(a.name, b.name));
  return sorted.map((container) => ({ ...container, places: below(base, container.places) }));
}

/** `chart-image` first. */
export function byName(a: string, b: string): number {
  const key = (name: string) => (name === topContainer ? '' : name);
  return compareText(key(a), key(b));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `image: text`, or `image: {repository: text}`, each with or without `registry` and `tag` beside it. */
function interpret(name: string, values: unknown, at: Path): Container | undefined {
  const image = [...at, 'image'];
  const nested = isMap(fieldAt(values, image));
  const beside = nested ? image : at;
  const tag = [...beside, 'tag'];
  // A tag that is a number is no tag to Flux v1 (tag: 1.6), but it is where the next one is written (cases: "numeric tag").
  const hasTag = fieldAt(values, tag) !== undefined && !isMap(fieldAt(values, tag));
  const registry = [...beside, 'registry'];
  return containerAt(name, values, {
    ...(typeof fieldAt(values, registry) === 'string' && { registry }),
    image: nested ? [...image, 'repository'] : image,
    ...(hasTag && { tag }),
  });
}

function containerAt(name: string, values: unknown, places: ImagePlaces): Container | undefined {
  const text = fieldAt(values, places.image);
  if (typeof text !== 'string') return undefined;
  const registry = places.registry && fieldAt(values, places.registry);
  const tag = places.tag && fieldAt(values, places.tag);
  const prefix = typeof registry === 'string' ? `${registry}/` : '';
  const image = tryParseImageRef(`${prefix}${text}${typeof tag === 'string' ? `:${tag}` : ''}`);
  return image && { name, image, places, ...(typeof registry === 'string' && { registry }) };
}

const repositoryPrefix = 'repository.fluxcd.io/';

/** A repository is required; a registry or tag that is named has to be there. */
function mappedPlaces(annotations: Readonly<Record<string, string>>): ReadonlyMap<string, ImagePlaces> {
  const places = new Map<string, ImagePlaces>();
  for (const [key, value] of Object.entries(annotations)) {
    if (!key.startsWith(repositoryPrefix) || value === '') continue;
    const name = key.slice(repositoryPrefix.length);
    const registry = pathOf(annotations[`registry.fluxcd.io/${name}`]);
    const tag = pathOf(annotations[`tag.fluxcd.io/${name}`]);
    places.set(name, { image: value.split('.'), ...(registry && { registry }), ...(tag && { tag }) });
  }
  return places;
}

function pathOf(dotted: string | undefined): Path | undefined {
  return dotted === undefined || dotted === '' ? undefined : dotted.split('.');
}

function isThere(values: unknown, { registry, tag }: ImagePlaces): boolean {
  return [registry, tag].every((path) => path === undefined || typeof fieldAt(values, path) === 'string');
}

function below(base: Path, { registry, image, tag }: ImagePlaces): ImagePlaces {
  return {
    ...(registry && { registry: [...base, ...registry] }),
    image: [...base, ...image],
    ...(tag && { tag: [...base, ...tag] }),
  };
}
