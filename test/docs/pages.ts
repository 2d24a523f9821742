import type { SenderName } from '../../lib/domain/settings/webhook-settings.ts';
import type { Guide } from '../../lib/webhooks/guide.ts';
import { guides } from '../../lib/webhooks/guides.ts';

/** Pages that are written from the table of senders: file below docs/webhooks → text. */
export function pages(): ReadonlyMap<string, string> {
  const names = Object.keys(guides) as SenderName[];
  const entries = names.map((name) => [`${name}.md`, pageOf(name, guides[name])] as const);
  return new Map([['README.md', index(names)], ...entries]);
}

const generated = '<!-- Written by "npm run docs" from lib/webhooks. -->';

function pageOf(name: SenderName, guide: Guide): string {
  const { product, brings, settings, where, fields, events, proof, notes } = guide;
  return lines(
    generated,
    '',
    `# ${product}`,
    '',
    `Sender \`${name}\`, for ${brings}. A delivery is verified by ${proof}.`,
    '',
    '## In sluice.yaml',
    '',
    '```yaml',
    'webhooks:',
    `  - ${settings}`,
    '```',
    '',
    '## Where to click',
    '',
    where,
    '',
    ...table(
      ['field', 'value'],
      fields.map(([field, value]) => [field, fill(value)]),
    ),
    '',
    'Events:',
    '',
    ...events.map((event) => `- ${event}`),
    '',
    '`sluice webhooks` shows all this with the address of your own; `sluice webhooks test` tries it.',
    ...(notes.length === 0 ? [] : ['', '## Good to know', '', ...notes.map((note) => `- ${note}`)]),
  );
}

function index(names: readonly SenderName[]): string {
  const rows = names.map((name) => {
    const { product, brings, proof } = guides[name];
    return [`[\`${name}\`](${name}.md)`, product, brings, proof];
  });
  return lines(
    generated,
    '',
    '# Senders',
    '',
    'Whoever can call `POST /webhooks/{id}`. AWS CodeCommit and Amazon ECR come through EventBridge instead, where nothing is to be configured here.',
    '',
    ...table(['sender', 'product', 'brings', 'verified by'], rows),
  );
}

function fill(value: string): string {
  return value.replaceAll('$URL', '`https://<your host>/webhooks/<id>`').replaceAll('$SECRET', '_the secret_');
}

/** Columns as wide as their widest cell, as the formatter wants them. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [first, ...others] = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  const dashes = widths.map((width) => '-'.repeat(width));
  return [first ?? [], dashes, ...others].map((cells) => `| ${cells.join(' | ')} |`);
}

function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}
