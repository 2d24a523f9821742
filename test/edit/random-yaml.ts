import fc from 'fast-check';
import { Document, isMap, isScalar, isSeq, Scalar, visit } from 'yaml';

/** A file in one of the many ways people write YAML. */
export interface RandomFile {
  readonly text: string;
}

const name = fc.constantFrom('web', 'db', 'app', 'side-car', 'x1');
const image = fc.constantFrom('nginx', 'acme/app:1.0', 'quay.io/a/b:v2', 'registry:5000/x/y:1.30', 'busybox:latest');
const container = fc.record(
  {
    name,
    image,
    args: fc.array(fc.constantFrom('-v', '--level=3', '# no comment', 'größe 🚀', '"q"', 'a: b'), { maxLength: 3 }),
    env: fc.array(fc.record({ name, value: fc.constantFrom('1.10', 'true', 'null', '0755', 'multi\nline\n', '') }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: ['name', 'image'] },
);
const annotation = fc.constantFrom('fluxcd.io/automated', 'fluxcd.io/tag.app', 'prometheus.io/scrape', 'note');
const annotations = fc.option(
  fc.dictionary(annotation, fc.constantFrom('true', 'false', 'semver:~1', 'two\nlines', 'x'), { maxKeys: 3 }),
  { nil: undefined },
);

export const deployment = fc
  .record({
    name,
    namespace: fc.constantFrom(undefined, 'shop'),
    annotations,
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
  })
  .map((parts) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: parts.name,
      ...(parts.namespace !== undefined && { namespace: parts.namespace }),
      ...(parts.annotations !== undefined && { annotations: parts.annotations }),
    },
    spec: {
      replicas: 2,
      template: { metadata: { labels: { app: parts.name } }, spec: { containers: parts.containers } },
    },
  }));

export type Deployment = typeof deployment extends fc.Arbitrary<infer T> ? T : never;

const layout = fc.record({
  indent: fc.constantFrom(2, 4, 3),
  indentSeq: fc.boolean(),
  lineWidth: fc.constantFrom(0, 40),
  flowCollectionPadding: fc.boolean(),
  crlf: fc.boolean(),
  bom: fc.boolean(),
  marker: fc.boolean(),
  finalLineEnd: fc.boolean(),
  json: fc.boolean(),
  anchors: fc.boolean(),
});

/** Documents, written in a random layout: comments, quotes, braces, blocks, anchors, CRLF, a byte order mark. */
export function inRandomLayout(documents: readonly unknown[]): fc.Arbitrary<string> {
  return fc.tuple(layout, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))).map(([options, chances]) => {
    const chance = () => chances.next().value ?? 0;
    const texts = documents.map((value) => {
      if (options.json && chance() < 0.3) return `${JSON.stringify(value, null, chance() < 0.5 ? 2 : 0)}\n`;
      const document = new Document(structuredClone(value), { aliasDuplicateObjects: false });
      decorate(document, chance, options.anchors);
      return document.toString({
        indent: options.indent,
        indentSeq: options.indentSeq,
        lineWidth: options.lineWidth,
        flowCollectionPadding: options.flowCollectionPadding,
      });
    });
    let text = (options.marker ? '---\n' : '') + texts.join('---\n');
    if (!options.finalLineEnd) text = text.replace(/\n+$/, '');
    if (options.crlf) text = text.replaceAll('\n', '\r\n');
    return options.bom ? `\ufeff${text}` : text;
  });
}

function decorate(document: Document, chance: () => number, anchors: boolean): void {
  const byText = new Map<string, Scalar>();
  visit(document, {
    Node(key, node) {
      if (chance() < 0.08) node.commentBefore = ' above 컨테이너';
      if (isMap(node) || isSeq(node)) {
        if (chance() < 0.06) node.flow = true;
        if (node.items.length === 0) node.flow = true;
      }
      if (!isScalar(node) || typeof node.value !== 'string') return;
      if (chance() < 0.1 && key !== 'key') node.comment = ' beside: {it}';
      const style = chance();
      if (style < 0.12) node.type = Scalar.QUOTE_SINGLE;
      else if (style < 0.24) node.type = Scalar.QUOTE_DOUBLE;
      else if (style < 0.28 && key !== 'key') node.type = Scalar.BLOCK_LITERAL;
    },
  });
  if (!anchors) return;
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return undefined;
      const first = byText.get(node.value);
      if (first === undefined) {
        byText.set(node.value, node);
        return undefined;
      }
      if (chance() < 0.5) return undefined;
      return document.createAlias(first, first.anchor ?? `a${byText.size}${Math.floor(chance() * 1000)}`);
    },
  });
}
