import { stringify } from 'yaml';
import type { Canaries } from './canaries.ts';
import type { Random } from './random.ts';

/** The tree of a branch: texts by their paths. Never changed, so that it can be gone back to. */
export type Tree = ReadonlyMap<string, string>;

/** A target as its branch has it: a directory of manifests. */
export interface Place {
  readonly target: string;
  readonly namespace: string;
  readonly path: string;
  readonly isKustomize: boolean;
}

/** What kustomize puts before the names of a place that is one. */
export const namePrefix = 'built-';

const fewest = 2;
const most = 9;
const kinds = ['ConfigMap', 'ConfigMap', 'ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Deployment'] as const;

export interface Editor {
  readonly random: Random;
  readonly canaries: Canaries;
}

export function firstTree(places: readonly Place[], editor: Editor): Tree {
  let tree: Tree = new Map();
  for (const place of places) {
    for (let count = editor.random.int(fewest, most); count > 0; count -= 1) tree = withNew(tree, place, editor);
  }
  return tree;
}

/** An object more, one fewer, or one or two changed. What was broken there is mended. */
export function edit(tree: Tree, place: Place, editor: Editor): Tree {
  const { random } = editor;
  const mended = mend(tree, place);
  const paths = manifestsOf(mended, place);
  const draw = random.fraction();
  if (paths.length < most && draw < 0.25) return withNew(mended, place, editor);
  if (paths.length > fewest && draw < 0.5) return finished(without(mended, random.pick(paths)), place);
  let changed = mended;
  for (let count = random.int(1, 2); count > 0; count -= 1) {
    const path = random.pick(paths);
    const [, kind = '', name = ''] = /([^/]+)--([^/]+)\.yaml$/.exec(path) ?? [];
    changed = new Map(changed).set(path, stringify(manifest(kind as Kind, name, place, editor)));
  }
  return changed;
}

/** What a person gets wrong: a Secret whose value is no base64, one that is no mapping, or what is no YAML. */
export function damage(tree: Tree, place: Place, { random, canaries }: Editor): Tree {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'damaged', namespace: place.namespace } };
  const value = canaries.secret('malformed');
  const text = random.pick([
    stringify({ ...secret, data: { password: `${value} is no base64` } }),
    stringify({ ...secret, data: value }),
    stringify({ ...secret, stringData: { password: [value] } }),
    `${stringify(secret)}stringData:\n  password: "${value}\n\tagain: [\n`,
  ]);
  return finished(new Map(tree).set(`${place.path}/damaged.yaml`, text), place);
}

export function isDamaged(tree: Tree, place: Place): boolean {
  return tree.has(`${place.path}/damaged.yaml`);
}

export function mend(tree: Tree, place: Place): Tree {
  return isDamaged(tree, place) ? finished(without(tree, `${place.path}/damaged.yaml`), place) : tree;
}

type Kind = (typeof kinds)[number];

function withNew(tree: Tree, place: Place, editor: Editor): Tree {
  const kind = editor.random.pick(kinds);
  const name = `${kind.toLowerCase()}-${editor.random.int(0, 30)}`;
  const path = `${place.path}/${kind}--${name}.yaml`;
  return finished(new Map(tree).set(path, stringify(manifest(kind, name, place, editor))), place);
}

function without(tree: Tree, path: string): Tree {
  const left = new Map(tree);
  left.delete(path);
  return left;
}

function manifestsOf(tree: Tree, place: Place): readonly string[] {
  return [...tree.keys()].filter((path) => path.startsWith(`${place.path}/`) && path.includes('--'));
}

/** A kustomization names every file beside it. */
function finished(tree: Tree, place: Place): Tree {
  if (!place.isKustomize) return tree;
  const file = `${place.path}/kustomization.yaml`;
  const beside = [...tree.keys()].filter((path) => path.startsWith(`${place.path}/`) && path !== file);
  const resources = beside.map((path) => path.slice(place.path.length + 1)).sort();
  return new Map(tree).set(file, stringify({ namePrefix, resources }));
}

function manifest(kind: Kind, name: string, { namespace }: Place, { random, canaries }: Editor): unknown {
  const labels = { app: 'chaos', drawn: `${random.int(0, 999)}` };
  const metadata = { name, namespace, labels };
  const keys = Array.from({ length: random.int(1, 4) }, (_, index) => `key-${index}`);
  switch (kind) {
    case 'ConfigMap':
      return {
        apiVersion: 'v1',
        kind,
        metadata,
        data: Object.fromEntries(keys.map((key) => [key, `${random.int(0, 1e6)}`])),
      };
    case 'Secret': {
      const [first = '', ...others] = keys;
      const data = Object.fromEntries(others.map((key) => [key, btoa(canaries.secret('value'))]));
      return { apiVersion: 'v1', kind, metadata, stringData: { [first]: canaries.secret('value') }, data };
    }
    case 'Service':
      return {
        apiVersion: 'v1',
        kind,
        metadata,
        spec: { selector: { app: name }, ports: [{ port: random.int(1, 9999) }] },
      };
    case 'ServiceAccount':
      return { apiVersion: 'v1', kind, metadata };
    case 'Deployment': {
      const template = {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: `chaos:${random.int(1, 999)}` }] },
      };
      const spec = { replicas: random.int(0, 3), selector: { matchLabels: { app: name } }, template };
      return { apiVersion: 'apps/v1', kind, metadata, spec };
    }
  }
}
