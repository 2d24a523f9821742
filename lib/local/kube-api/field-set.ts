/** The parts of an object that have owners of their own, by path: the elements of `fieldsV1` on the way to them, joined by `\0`. */
export type Leaves = ReadonlyMap<string, unknown>;

/** `managedFields[].fieldsV1`: `f:<field>`, `k:{<list key>}`, `v:<value>`, and `.` for an element itself. */
export type FieldsV1 = { [element: string]: FieldsV1 };

/** Lists whose items have owners of their own, and what tells items apart; any other list has one owner. */
const listKeys: ReadonlyMap<string, string> = new Map([
  ...['containers', 'initContainers', 'env', 'volumes', 'imagePullSecrets'].map((field) => [field, 'name'] as const),
  ['volumeMounts', 'mountPath'],
  ['ownerReferences', 'uid'],
]);
const atomic: ReadonlySet<string> = new Set(['selector', 'nodeSelector', 'configMapKeyRef', 'secretKeyRef']);

export function leavesOf(value: unknown, path: readonly string[] = []): Leaves {
  const parts = partsOf(value, path.at(-1) ?? '');
  if (parts === undefined || (parts.length === 0 && path.length > 0)) return new Map([[path.join('\0'), value]]);
  return new Map(
    parts.flatMap(([element, part]) => {
      const below = leavesOf(part, [...path, element]);
      return element.startsWith('k:') ? [[[...path, element, '.'].join('\0'), null], ...below] : [...below];
    }),
  );
}

function partsOf(value: unknown, element: string): [element: string, part: unknown][] | undefined {
  const field = element.slice('f:'.length);
  if (typeof value !== 'object' || value === null || atomic.has(field)) return undefined;
  if (!Array.isArray(value)) return Object.entries(value).map(([name, part]) => [`f:${name}`, part]);
  if (field === 'finalizers') return value.map((item) => [`v:${JSON.stringify(item)}`, item]);
  const key = listKeys.get(field) ?? (value[0]?.containerPort === undefined ? 'port' : 'containerPort');
  if (field !== 'ports' && !listKeys.has(field)) return undefined;
  return value.map((item) => [`k:${JSON.stringify({ [key]: item[key], protocol: item.protocol })}`, item]);
}

/** The value that has these leaves. */
export function assemble(leaves: Leaves): unknown {
  const root = new Map<string, unknown>();
  for (const [path, value] of leaves) {
    const elements = path.split('\0');
    const last = elements.pop() ?? '';
    let node = root;
    for (const element of elements) {
      const below = node.get(element);
      const next: typeof root = below instanceof Map ? below : new Map();
      node.set(element, next);
      node = next;
    }
    // What one applied as an empty map may have fields of another.
    if (!(node.get(last) instanceof Map)) node.set(last, value);
  }
  return toValue(root);
}

function toValue(node: unknown): unknown {
  if (!(node instanceof Map)) return node;
  const parts = [...(node as Map<string, unknown>)].filter(([element]) => element !== '.');
  if (parts.some(([element]) => !element.startsWith('f:'))) return parts.map(([, part]) => toValue(part));
  return Object.fromEntries(parts.map(([element, part]) => [element.slice('f:'.length), toValue(part)]));
}

export function toFieldsV1(paths: ReadonlySet<string>): FieldsV1 {
  const root: FieldsV1 = {};
  for (const path of [...paths].toSorted()) {
    path.split('\0').reduce((node, element) => (node[element] ??= {}), root);
  }
  return root;
}

export function fromFieldsV1(fields: FieldsV1, path: readonly string[] = []): ReadonlySet<string> {
  const entries = Object.entries(fields);
  if (entries.length === 0 && path.length > 0) return new Set([path.join('\0')]);
  return new Set(entries.flatMap(([element, below]) => [...fromFieldsV1(below, [...path, element])]));
}
