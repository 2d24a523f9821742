import { describe, expect, it } from 'vitest';
import { failureOf, makeCheckout, renderIn } from './checkout.ts';

const canary = 'hunter2-canary';
const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n';

/** What stands in the clear in a generator, a patch or a Secret that cannot be read appears in no message: no object was made whose values could be cut out. */
describe('a value in the clear is not told, but its place and the mistake are', () => {
  const kustomizations: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    [
      'a literal without =',
      { 'kustomization.yaml': `secretGenerator: [{name: s, literals: [${canary}]}]\n` },
      'loading KV pairs: a literal of a generator is not key=value',
    ],
    [
      'a literal with = alone',
      { 'kustomization.yaml': `secretGenerator: [{name: s, literals: ["=${canary}"]}]\n` },
      'loading KV pairs: a literal of a generator is not key=value',
    ],
    [
      'a file with two =',
      { 'kustomization.yaml': `secretGenerator: [{name: s, files: ["a=b=${canary}"]}]\n` },
      `loading KV pairs: file sources: […]: source "…" key name or file path contains '='`,
    ],
    [
      'an alias in a resource',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': secret.replace('a: b', `a: *${canary}`) },
      "accumulating resources from 'a.yaml': MalformedYAMLError: yaml: unknown anchor referenced in File: a.yaml",
    ],
    [
      'a key twice',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': secret.replace('a: b', `${canary}: x, ${canary}: y`) },
      'map[string]interface {}(nil): yaml: unmarshal errors: line 4: mapping key already defined at line 4',
    ],
    [
      'an inline patch that is none',
      {
        'kustomization.yaml': `resources: [a.yaml]\npatches: [{patch: "stringData: {a: ${canary}}"}]\n`,
        'a.yaml': secret,
      },
      'trouble configuring builtin PatchTransformer: unable to parse SM or JSON patch from an inline patch',
    ],
    [
      'a patch file that is none',
      {
        'kustomization.yaml': 'resources: [a.yaml]\npatches: [{path: p.yaml}]\n',
        'a.yaml': secret,
        'p.yaml': `stringData: {a: ${canary}}\n`,
      },
      'trouble configuring builtin PatchTransformer: unable to parse SM or JSON patch from p.yaml',
    ],
    [
      'a JSON patch of an unknown operation',
      {
        'kustomization.yaml': `resources: [a.yaml]\npatches: [{target: {kind: Secret}, patch: "[{op: x, path: /stringData/a, value: ${canary}}]"}]\n`,
        'a.yaml': secret,
      },
      'trouble configuring builtin PatchTransformer: unable to parse SM or JSON patch from an inline patch',
    ],
    [
      'a patch that puts a text where a map is',
      {
        'kustomization.yaml': 'resources: [a.yaml]\npatches: [{path: p.yaml}]\n',
        'a.yaml': secret,
        'p.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: ${canary}\n`,
      },
      'wrong node kind: expected MappingNode but got ScalarNode',
    ],
    [
      'a replacement by a part that is not there',
      {
        'kustomization.yaml':
          'resources: [a.yaml]\nreplacements: [{source: {kind: Secret, fieldPath: stringData.a, options: {delimiter: ".", index: 5}}, targets: [{select: {kind: Secret}, fieldPaths: [metadata.name]}]}]\n',
        'a.yaml': secret.replace('a: b', `a: ${canary}`),
      },
      'options.index 5 is out of bounds',
    ],
    [
      'values of a chart',
      { 'kustomization.yaml': `helmCharts: [{name: x, valuesInline: {p: ${canary}}}]\n` },
      'trouble configuring builtin HelmChartInflationGenerator: must specify --enable-helm',
    ],
  ];
  it.each(kustomizations)('%s', async (_name, files, state) => {
    const { message } = await failureOf(renderIn(await makeCheckout(files)));
    expect(message).toBe(`Cannot build "." with kustomize: ${state}`);
  });

  const templates: readonly (readonly [string, string, string])[] = [
    [
      'an alias made of a value',
      `${secret.replace('a: b', 'a: *{{ .Values.password }}')}`,
      'YAML parse error on web/templates/a.yaml: error converting YAML to JSON: yaml: unknown anchor referenced',
    ],
    [
      'fail with a value',
      '{{ fail (printf "the password %s is weak" .Values.password) }}',
      'execution error at (web/templates/a.yaml:1:3): the password *** is weak',
    ],
    [
      'a function that quotes a value',
      '{{ mustToDate "2006" .Values.password }}',
      'template: web/templates/a.yaml:1:3: executing "web/templates/a.yaml" at <mustToDate "2006" .Values.password>: error calling mustToDate: parsing time "…" as "…": cannot parse "…" as "…"',
    ],
    [
      'a template named by a value',
      '{{ include .Values.password . }}',
      'web/templates/a.yaml:1:3 executing "web/templates/a.yaml" at <include .Values.password .>: error calling include: template: no template "***" associated with template "gotpl"',
    ],
  ];
  it.each(templates)('%s', async (_name, template, state) => {
    const checkout = await makeCheckout({
      'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'chart/templates/a.yaml': template,
    });
    const own = renderIn(checkout, { paths: ['chart'], values: { password: canary } });
    expect((await failureOf(own)).message).toBe(`Cannot render the chart "chart": ${state}`);
  });

  it('a value that a generator of .flux.yaml sets', async () => {
    const checkout = await makeCheckout({
      '.flux.yaml': `version: 1\ncommandUpdated:\n  generators:\n  - command: helm template web chart --set password=${canary}\n`,
      'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'chart/templates/a.yaml': '{{ fail .Values.password }}',
    });
    expect((await failureOf(renderIn(checkout))).message).toBe(
      'Cannot render the chart "chart": execution error at (web/templates/a.yaml:1:3): ***',
    );
  });
});
