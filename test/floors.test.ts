import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** DESIGN §2: which floor may import what. Each row is a deliberate breach that the linter has to find. */
const breaches: readonly (readonly [file: string, imported: string])[] = [
  ['lib/domain/breach.ts', '../app/ports.ts'],
  ['lib/domain/breach.ts', '../adapters/secrets.ts'],
  ['lib/domain/breach.ts', '../log.ts'],
  ['lib/domain/breach.ts', 'node:fs'],
  ['lib/domain/breach.ts', 'node:crypto'],
  ['lib/domain/breach.ts', 'yaml'],
  ['lib/domain/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/domain/objects/breach.ts', '../../app/ports.ts'],
  ['lib/domain/objects/breach.ts', '../../log.ts'],
  ['lib/domain/jobs/breach.ts', 'node:fs'],
  ['lib/domain/digest.ts', 'node:fs'],
  ['lib/app/breach.ts', '../adapters/secrets.ts'],
  ['lib/app/breach.ts', '../webhooks/senders.ts'],
  ['lib/app/breach.ts', '../render/render.ts'],
  ['lib/app/breach.ts', '../config.ts'],
  ['lib/app/breach.ts', 'node:crypto'],
  ['lib/app/breach.ts', '@kubernetes/client-node'],
  ['lib/app/jobs/breach.ts', '../../adapters/secrets.ts'],
  ['lib/app/cluster/breach.ts', '../../config.ts'],
  ['lib/app/cluster/breach.ts', 'node:crypto'],
  ['lib/app/records/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/webhooks/breach.ts', '../app/ports.ts'],
  ['lib/webhooks/breach.ts', '../adapters/secrets.ts'],
  ['lib/webhooks/breach.ts', '../config.ts'],
  ['lib/webhooks/breach.ts', 'node:fs'],
  ['lib/webhooks/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/render/breach.ts', '../app/ports.ts'],
  ['lib/render/breach.ts', '../webhooks/senders.ts'],
  ['lib/render/breach.ts', '../adapters/secrets.ts'],
  ['lib/render/breach.ts', '@kubernetes/client-node'],
  ['lib/edit/breach.ts', '../app/ports.ts'],
  ['lib/edit/breach.ts', '../render/render.ts'],
  ['lib/edit/breach.ts', '../adapters/secrets.ts'],
  ['lib/edit/breach.ts', 'node:fs'],
  ['lib/edit/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/rewrite/breach.ts', '../app/sync.ts'],
  ['lib/rewrite/breach.ts', '../adapters/secrets.ts'],
  ['lib/rewrite/breach.ts', '../process.ts'],
  ['lib/rewrite/breach.ts', 'node:child_process'],
  ['lib/render/breach.ts', '../rewrite/open-draft.ts'],
  ['lib/app/breach.ts', '../rewrite/open-draft.ts'],
  ['lib/adapters/git/breach.ts', '../../rewrite/open-draft.ts'],
  ['lib/app/breach.ts', '../edit/set-images.ts'],
  ['lib/adapters/git/breach.ts', '../../edit/set-images.ts'],
  ['lib/adapters/breach.ts', '../app/sync.ts'],
  ['lib/adapters/breach.ts', '../webhooks/senders.ts'],
  ['lib/adapters/breach.ts', '@kubernetes/client-node'],
  ['lib/adapters/git/breach.ts', '../../app/sync.ts'],
  ['lib/adapters/git/breach.ts', '../../render/render.ts'],
  ['lib/adapters/sqlite/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/adapters/aws/breach.ts', '@kubernetes/client-node'],
  ['lib/adapters/aws/breach.ts', '../../app/sync.ts'],
  ['lib/adapters/cluster/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/adapters/cluster/breach.ts', '../../app/sync.ts'],
  ['lib/cli/breach.ts', '../app/sync.ts'],
  ['lib/cli/breach.ts', '../adapters/secrets.ts'],
  ['lib/cli/commands/breach.ts', '../../adapters/secrets.ts'],
  ['lib/cli/breach.ts', '@kubernetes/client-node'],
  ['lib/cli/breach.ts', '../local/plan.ts'],
  ['lib/cli/commands/breach.ts', '../../local/serve.ts'],
  ['lib/cli/commands/plan.ts', '../../adapters/secrets.ts'],
  ['lib/local/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/local/breach.ts', '../cli/print.ts'],
  ['lib/lambda/breach.ts', '@aws-sdk/client-sqs'],
  ['lib/lambda/breach.ts', '@smithy/core'],
  ['functions/breach.ts', '@aws-sdk/client-sqs'],
  ['functions/breach.ts', '../lib/local/serve.ts'],
  ['functions/breach.ts', './webhook.ts'],
];

const allowed: readonly (readonly [file: string, imported: string])[] = [
  ['lib/domain/allowed.ts', './failure.ts'],
  ['lib/domain/allowed.ts', 'zod/mini'],
  ['lib/domain/objects/allowed.ts', '../failure.ts'],
  ['lib/domain/objects/allowed.ts', '../jobs/run.ts'],
  ['lib/app/jobs/allowed.ts', '../../domain/jobs/run.ts'],
  ['lib/app/jobs/allowed.ts', '../../log.ts'],
  ['lib/app/jobs/allowed.ts', '../records/runs.ts'],
  ['lib/app/allowed.ts', '../domain/failure.ts'],
  ['lib/app/allowed.ts', './ports.ts'],
  ['lib/app/allowed.ts', '../log.ts'],
  ['lib/webhooks/allowed.ts', 'node:crypto'],
  ['lib/webhooks/allowed.ts', '@octokit/webhooks'],
  ['lib/render/allowed.ts', '../process.ts'],
  ['lib/render/allowed.ts', 'yaml'],
  ['lib/edit/allowed.ts', '../domain/failure.ts'],
  ['lib/edit/allowed.ts', '../render/read-yaml.ts'],
  ['lib/edit/allowed.ts', 'yaml'],
  ['lib/rewrite/allowed.ts', '../app/ports.ts'],
  ['lib/rewrite/allowed.ts', '../app/release-ports.ts'],
  ['lib/rewrite/allowed.ts', '../render/render.ts'],
  ['lib/rewrite/allowed.ts', '../edit/set-images.ts'],
  ['lib/adapters/git/allowed.ts', '../../app/ports.ts'],
  ['lib/adapters/cluster/allowed.ts', '@kubernetes/client-node'],
  ['lib/adapters/aws/allowed.ts', '@aws-sdk/client-sqs'],
  ['lib/cli/allowed.ts', '../api.ts'],
  ['lib/cli/commands/serve.ts', '../../local/serve.ts'],
  ['lib/cli/commands/validate.ts', '../../local/rbac.ts'],
  ['lib/cli/commands/webhooks.ts', '../../local/webhooks.ts'],
  ['lib/lambda/allowed.ts', '../adapters/aws/sqs-queue.ts'],
  ['functions/allowed.ts', '../lib/app/sync.ts'],
  ['functions/allowed.ts', '../lib/lambda/parts.ts'],
];

const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'sluice-floors-'));
const found = new Set<string>();

function fileOf(file: string, row: number): string {
  return /(?:digest|serve|plan|validate|webhooks)\.ts$/.test(file) ? file : file.replace('.ts', `-${row}.ts`);
}

beforeAll(() => {
  for (const name of ['biome.json', 'package.json', '.gitignore']) copyFileSync(join(root, name), join(copy, name));
  for (const rows of [breaches, allowed]) {
    for (const [row, [file, imported]] of rows.entries()) {
      const path = join(copy, fileOf(file, row));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `import * as used from '${imported}';\n\nexport const kept = used;\n`, { flag: 'a' });
    }
  }
  for (const diagnostic of lint()) {
    if (diagnostic.category === 'lint/style/noRestrictedImports') found.add(diagnostic.location.path);
  }
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true }));

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

function lint(): readonly Diagnostic[] {
  const program = join(root, 'node_modules/.bin/biome');
  const args = [
    'lint',
    '--only=style/noRestrictedImports',
    '--reporter=json',
    '--max-diagnostics=none',
    'lib',
    'functions',
  ];
  let printed: string;
  try {
    printed = execFileSync(program, args, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    printed = (error as { stdout: string }).stdout;
  }
  return JSON.parse(printed.slice(printed.indexOf('{'))).diagnostics;
}

it.each(breaches.map(([file, imported], row) => [file, imported, fileOf(file, row)] as const))(
  '%s may not import %s',
  (_, __, path) => {
    expect(found).toContain(path);
  },
);

it.each(allowed.map(([file, imported], row) => [file, imported, fileOf(file, row)] as const))(
  '%s may import %s',
  (_, __, path) => {
    expect(found).not.toContain(path);
  },
);
