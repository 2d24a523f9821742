import { expect, it } from 'vitest';
import { maskPlan, printPlan } from '../../lib/cli/print-plan.ts';
import { createTerminal } from '../../lib/cli/terminal.ts';
import { readEnvironment } from '../../lib/config.ts';
import { noChanges } from '../../lib/domain/jobs/run.ts';
import type { KubeObject } from '../../lib/domain/objects/kube-object.ts';
import type { PlannedObject, PlanView } from '../../lib/domain/objects/plan-view.ts';

function view(objects: readonly PlannedObject[], summary: Partial<PlanView['summary']> = {}): PlanView {
  return { objects, summary: { ...noChanges, ...summary } };
}

function print(plan: PlanView, isTTY = false): string {
  const out: string[] = [];
  const streams = [{ isTTY, write: (text: string) => out.push(text) }, { write: () => undefined }] as const;
  printPlan(createTerminal(...streams, readEnvironment({})), plan);
  return out.join('');
}

const live: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'settings',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations: { 'sluice.dev/applied': 'sha256:1', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    managedFields: [{ manager: 'kubectl' }],
  },
  data: { colour: 'red', size: '1' },
  status: { seen: true },
};
const wanted: KubeObject = {
  ...live,
  metadata: { ...live.metadata, resourceVersion: '8' },
  data: { colour: 'blue', size: '1' },
};

function secret(data: unknown, more: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login', namespace: 'shop' }, data, ...more };
}

it('a changed object is a unified diff of what people write', () => {
  const plan = view([{ id: 'shop:configmap/settings', action: 'configured', before: live, after: wanted }], {
    configured: 1,
    unchanged: 5,
  });
  expect(print(plan)).toBe(`shop:configmap/settings configured
--- live/shop:configmap/settings
+++ git/shop:configmap/settings
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  colour: red
+  colour: blue
   size: "1"
 kind: ConfigMap
 metadata:

1 to change, 5 unchanged
`);
});

it('a created object is all plus, a deleted one all minus', () => {
  const created = print(view([{ id: 'a', action: 'created', after: live }], { created: 1 }));
  expect(created).toMatch(/^a created\n--- \/dev\/null\n\+\+\+ git\/a\n@@ .*\n(\+.*\n)+\n1 to create, 0 unchanged\n$/);
  const deleted = print(view([{ id: 'a', action: 'deleted', before: live }], { deleted: 1 }));
  expect(deleted).toMatch(/^a deleted\n--- live\/a\n\+\+\+ \/dev\/null\n@@ .*\n(-.*\n)+\n1 to delete, 0 unchanged\n$/);
});

it('the summary names every kind of change once', () => {
  const summary = { created: 2, configured: 1, deleted: 1, failed: 1, skipped: 3, unchanged: 5 };
  expect(print(view([], summary))).toBe('2 to create, 1 to change, 1 to delete, 1 failed, 3 skipped, 5 unchanged\n');
  expect(print(view([], { unchanged: 5 }))).toBe('No changes, 5 unchanged\n');
});

it('a terminal gets a coloured diff', () => {
  const plan = view([{ id: 'a', action: 'configured', before: live, after: wanted }]);
  expect(print(plan, true)).toContain('\u001b[31m-  colour: red\u001b[39m\n\u001b[32m+  colour: blue\u001b[39m\n');
});

it('a note stands below its object, no escape of it obeyed', () => {
  const plan = view([{ id: 'a', action: 'failed', note: 'the webhook "x" refuses dry runs \u001b[2J' }], { failed: 1 });
  expect(print(plan)).toBe('a failed\n  the webhook "x" refuses dry runs \\x1b[2J\n\n1 failed, 0 unchanged\n');
});

const secrets: PlannedObject = {
  id: 'shop:secret/login',
  action: 'configured',
  before: secret({ changed: 'b2xkLXZhbHVl', same: 'c2FtZS12YWx1ZQ==', gone: 'Z29uZS12YWx1ZQ==' }),
  after: secret(
    { changed: 'bmV3LXZhbHVl', same: 'c2FtZS12YWx1ZQ==', added: 'YWRkZWQtdmFsdWU=' },
    { stringData: { plain: 'plain-value' } },
  ),
};

it('values of a Secret are masked, those that differ told apart', () => {
  expect(print(view([secrets]))).toContain(` data:
-  changed: "*** (before)"
-  gone: "***"
+  added: "***"
+  changed: "*** (after)"
   same: "***"
`);
});

it.each([
  ['changed', secrets],
  ['created', { id: 'a', action: 'created', after: secret({ k: 'c2FtZS12YWx1ZQ==' }) }],
  ['deleted', { id: 'a', action: 'deleted', before: secret({ k: 'c2FtZS12YWx1ZQ==' }) }],
  ['malformed', { id: 'a', action: 'created', after: secret('c2FtZS12YWx1ZQ==') }],
  [
    'applied by kubectl',
    {
      id: 'a',
      action: 'deleted',
      before: {
        ...secret({}),
        metadata: {
          name: 'a',
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'c2FtZS12YWx1ZQ==' },
        },
      },
    },
  ],
] as const)('no value of a Secret that is %s is printed, as text or JSON', (_, object: PlannedObject) => {
  for (const text of [print(view([object])), JSON.stringify(maskPlan(view([object])))]) {
    expect(text).not.toMatch(/dmFsdWU|WdmFsdWU|LXZhbHVl|12YWx1ZQ|value"|plain-value/);
    expect(text).toContain('a');
  }
});

it('a difference that is too long is said to be', () => {
  const lines = (letter: string) => Array.from({ length: 20_000 }, (_, index) => `${letter}${index}`).join('\n');
  const of = (text: string): KubeObject => ({ ...live, data: { text } });
  const plan = view([{ id: 'a', action: 'configured', before: of(lines('x')), after: of(lines('y')) }]);
  expect(print(plan)).toContain('\n  (the difference is too long to show)\n');
});

it('why a sync would fail although no object does stands before the summary', () => {
  const error = { fault: 'server', message: 'Cannot list the objects of kind Thing', help: 'Ask again' } as const;
  expect(print({ ...view([]), error })).toBe(
    'Error: Cannot list the objects of kind Thing\n  Ask again\nNo changes, 0 unchanged\n',
  );
});
