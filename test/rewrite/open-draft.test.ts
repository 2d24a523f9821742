import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../lib/app/release-ports.ts';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import type { TargetImages } from '../../lib/domain/release/target-images.ts';
import { createOpenDraft } from '../../lib/rewrite/open-draft.ts';
import { makeCheckout, makeDirectory, type Settings, targetWith } from '../render/checkout.ts';
import { tools } from '../render/tools.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

async function openIn(directory: string, settings: Settings = {}): Promise<Draft> {
  const openDraft = createOpenDraft({ tools, scratch: await makeDirectory(), searchPath: process.env.PATH });
  return await openDraft({ checkout: { write: async () => directory }, targets: [targetWith(settings)] });
}

async function open(files: Files, settings: Settings = {}): Promise<Draft> {
  return await openIn(await makeCheckout(files), settings);
}

function give(draft: Draft, workload: string, image: string, container = 'app'): Promise<void> {
  return draft.setImages('shop', workload, new Map([[container, parseImageRef(image)]]));
}

function changed(draft: Draft): Record<string, string> {
  return Object.fromEntries(draft.files);
}

async function imagesAfter(draft: Draft): Promise<readonly string[]> {
  const after = (await draft.again()).get('shop') as TargetImages;
  return after.workloads.flatMap(({ containers }) => containers.map(({ image }) => image));
}

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - {name: app, image: "acme/web:1"}   # kept
`;

describe('manifests', () => {
  it('are changed where they are written, and read again', async () => {
    const draft = await open({
      'a/web.yaml': web,
      'a/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n',
    });
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect(changed(draft)).toEqual({ 'a/web.yaml': web.replace(':1', ':2') });
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
    await draft.reset();
    expect(changed(draft)).toEqual({});
    expect(await imagesAfter(draft)).toEqual(['acme/web:1']);
  });

  it('behind a link are changed where the link leads', async () => {
    const directory = await makeCheckout({
      'real/web.yaml': web,
      'live/a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n',
    });
    await symlink('../real/web.yaml', join(directory, 'live/web.yaml'));
    const draft = await openIn(directory, { paths: ['live'] });
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect([...draft.files.keys()]).toEqual(['real/web.yaml']);
  });

  it('have their policies set and removed', async () => {
    const draft = await open({ 'web.yaml': web });
    await draft.setPolicies('shop', 'default:deployment/web', { add: { tag_all: 'semver:~1' }, remove: [] });
    expect(changed(draft)['web.yaml']).toContain('fluxcd.io/tag.app: semver:~1');
  });

  it('that are not there, not UTF-8 or of a target that cannot be read are refused, and nothing changes', async () => {
    const draft = await open({ 'web.yaml': web });
    await expect(give(draft, 'default:deployment/none', 'a:1')).rejects.toThrow('the repository does not define it');
    await expect(draft.setImages('other', 'default:deployment/web', new Map())).rejects.toThrow('does not define it');
    const latin = await open({ 'web.yaml': Buffer.from(web.replace('kept', 'gr\u00fcn'), 'latin1') });
    await expect(give(latin, 'default:deployment/web', 'acme/web:2')).rejects.toThrow(/UTF-8|Cannot read/);
    const broken = await open({ 'web.yaml': 'kind: [' });
    expect(broken.defined.get('shop')).toMatchObject({ fault: 'user' });
    await expect(give(broken, 'default:deployment/web', 'a:1')).rejects.toThrow('Cannot read "web.yaml"');
    expect([changed(draft), changed(latin), changed(broken)]).toEqual([{}, {}, {}]);
    expect((await broken.again()).get('shop')).toBe(broken.defined.get('shop'));
  });
});

describe('a kustomization', () => {
  const base = { 'base/kustomization.yaml': 'resources: [web.yaml]\n', 'base/web.yaml': web };

  it('gets the version in its images', async () => {
    const overlay = `bases: [../base]\nnamePrefix: prod-\nimages:\n  - name: acme/web # ours\n    newTag: "1"\n`;
    const draft = await open({ ...base, 'prod/kustomization.yaml': overlay }, { paths: ['prod'] });
    await give(draft, 'default:deployment/prod-web', 'acme/web:2');
    expect(changed(draft)).toEqual({ 'prod/kustomization.yaml': overlay.replace('"1"', '"2"') });
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
    await give(draft, 'default:deployment/prod-web', 'acme/web:2');
  });

  it('without images gets it in the base that has it, or in the patch that wins', async () => {
    const patch =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: app, image: "acme/web:3"}]}}}\n';
    const draft = await open(
      {
        ...base,
        'prod/kustomization.yaml': 'resources: [../base, https://none.example/remote.yaml]\n',
        'next/kustomization.yaml': 'resources: [../base]\npatches: [{path: image.yaml}, {patch: "- op: x\\n"}]\n',
        'next/image.yaml': patch,
      },
      { paths: ['prod'] },
    );
    expect(draft.defined.get('shop')).toMatchObject({ fault: 'user' });

    const next = await open(
      {
        ...base,
        'next/kustomization.yaml': 'resources: [../base]\npatches: [{path: image.yaml}]\n',
        'next/image.yaml': patch,
      },
      { paths: ['next'] },
    );
    await give(next, 'default:deployment/web', 'acme/web:4');
    expect(changed(next)).toEqual({ 'next/image.yaml': patch.replace(':3', ':4') });
    expect(await imagesAfter(next)).toEqual(['acme/web:4']);

    const prod = await open({ ...base, 'prod/kustomization.yaml': 'resources: [../base]\n' }, { paths: ['prod'] });
    await give(prod, 'default:deployment/web', 'acme/web:2');
    expect(Object.keys(changed(prod))).toEqual(['base/web.yaml']);
    await prod.setPolicies('shop', 'default:deployment/web', { add: { locked: 'true' }, remove: [] });
    expect(changed(prod)['base/web.yaml']).toContain('fluxcd.io/locked');
  });

  it('whose image comes from elsewhere is refused with what to do', async () => {
    const generated = `resources: [web.yaml]\npatches:\n  - patch: |-\n      - {op: replace, path: /spec/template/spec/containers/0/image, value: "acme/web:9"}\n    target: {kind: Deployment}\n`;
    const draft = await open({ 'kustomization.yaml': generated, 'web.yaml': web });
    await expect(give(draft, 'default:deployment/web', 'acme/web:10')).rejects.toThrow(
      'where the image of its container "app" of "default:deployment/web" comes from is not found',
    );
    await expect(give(draft, 'default:deployment/web', 'acme/web:10', 'none')).rejects.toThrow('is not found');
    const renamed = await open({
      'kustomization.yaml':
        'resources: [web.yaml]\npatches: [{target: {kind: Deployment}, patch: "- {op: replace, path: /metadata/name, value: other}"}]\n',
      'web.yaml': web,
    });
    await expect(
      renamed.setPolicies('shop', 'default:deployment/other', { add: { locked: 'true' }, remove: [] }),
    ).rejects.toThrow('where the workload of "default:deployment/other" comes from is not found');
  });
});

describe('a chart', () => {
  const chart = {
    'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'values.yaml': 'image:\n  repository: acme/web\n  tag: "1" # the chart\'s\n',
    'templates/web.yaml': web.replace('"acme/web:1"', '"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
  };

  it('gets the version in its values, or in the values file of the target that wins', async () => {
    const draft = await open(chart);
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect(changed(draft)).toEqual({ 'values.yaml': chart['values.yaml'].replace('"1"', '"2"') });
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
    await give(draft, 'default:deployment/web', 'acme/web:2');

    const files = { ...chart, 'prod.yaml': 'image: {repository: acme/web, tag: "5"}\n' };
    const prod = await open(files, { valuesFiles: ['prod.yaml'] });
    await give(prod, 'default:deployment/web', 'acme/web:6');
    expect(changed(prod)).toEqual({ 'prod.yaml': 'image: {repository: acme/web, tag: "6"}\n' });
  });

  it('whose image is in no values file, and whose policies are in a template, are refused', async () => {
    const draft = await open(chart, { values: { image: { tag: '7' } } });
    await expect(give(draft, 'default:deployment/web', 'acme/web:8')).rejects.toThrow('no values file holds the image');
    await expect(
      draft.setPolicies('shop', 'default:deployment/web', { add: { locked: 'true' }, remove: [] }),
    ).rejects.toThrow('are in a template of the chart');
  });
});

describe('a .flux.yaml', () => {
  const flux = (mode: string) => `version: 1\n${mode}\n`;

  it('with a patch file gets the version there, also where there is none yet', async () => {
    const config = flux('patchUpdated: {generators: [{command: cat web.yaml}], patchFile: patch.yaml}');
    const draft = await open({ '.flux.yaml': config, 'web.yaml': web });
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect(Object.keys(changed(draft))).toEqual(['patch.yaml']);
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
    await draft.setPolicies('shop', 'default:deployment/web', { add: { automated: 'true' }, remove: [] });
    expect(changed(draft)['patch.yaml']).toContain('fluxcd.io/automated');
    await draft.reset();
    expect(changed(draft)).toEqual({});
    expect(await imagesAfter(draft)).toEqual(['acme/web:1']);
  });

  it('that scans for files has them changed', async () => {
    const draft = await open({ '.flux.yaml': flux('scanForFiles: {}'), 'web.yaml': web });
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect(Object.keys(changed(draft))).toEqual(['web.yaml']);
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
  });

  const updating = flux(`commandUpdated:
  generators: [{command: "sed s/@/$(cat tag)/ web.yaml"}]
  updaters:
    - containerImage: {command: 'echo -n "$FLUX_TAG" > tag; echo "$FLUX_CONTAINER $FLUX_IMG $FLUX_WORKLOAD" > new/log'}
      policy: {command: 'echo "$FLUX_POLICY=\${FLUX_POLICY_VALUE-gone}" >> policies'}`);
  const updated = {
    '.flux.yaml': updating,
    'web.yaml': web.replace(':1', ':@'),
    tag: '1',
    'new/.keep': '',
    policies: '',
  };

  it('with updaters has them run, and takes over what they write', async () => {
    const draft = await open(updated, { allowCommands: true });
    await give(draft, 'default:deployment/web', 'acme/web:2');
    expect(changed(draft)).toEqual({ tag: '2', 'new/log': 'app acme/web default:deployment/web\n' });
    expect(await imagesAfter(draft)).toEqual(['acme/web:2']);
    const update = { add: { tag_all: 'glob:a*', locked: 'true', automated: 'true' }, remove: ['automated'] };
    await draft.setPolicies('shop', 'default:deployment/web', update);
    expect(changed(draft).policies).toBe('locked=true\ntag.app=glob:a*\nautomated=gone\n');
    await draft.reset();
    expect(changed(draft)).toEqual({});
  });

  it('with updaters that are not allowed, fail or are not there is refused, and nothing changes', async () => {
    const forbidden = await open(updated);
    expect(forbidden.defined.get('shop')).toMatchObject({ code: 'NotAllowed' });

    const understood = flux(
      'commandUpdated:\n  generators: [{command: cat web.yaml}]\n  updaters: [{containerImage: {command: "echo 2 > tag; exit 3"}}]',
    );
    const files = { '.flux.yaml': understood, 'web.yaml': web, tag: '1' };
    await expect(give(await open(files), 'default:deployment/web', 'acme/web:2')).rejects.toThrow(
      'Cannot run the updater "echo 2 > tag; exit 3" of ".": the target does not allow commands',
    );
    const failing = await open(files, { allowCommands: true });
    await expect(give(failing, 'default:deployment/web', 'acme/web:2')).rejects.toThrow('exit code 3');
    expect(changed(failing)).toEqual({});
    const update = { add: { locked: 'true' }, remove: [] };
    await expect(failing.setPolicies('shop', 'default:deployment/web', update)).rejects.toThrow(
      'no updater for policy',
    );
  });
});

it('markers are changed in every file that has one, and a file that cannot be edited is named', async () => {
  const marked = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  tag: "1" # {"$imagepolicy": "flux-system:web:tag"}\n`;
  const draft = await open(
    { 'a/m.yaml': marked, 'kustomization.yaml': '{', 'b.yaml': `${marked}---\n[`, c: 'x' },
    { paths: ['a'] },
  );
  const { values, problems } = await draft.setMarkers(new Map([['flux-system:web', parseImageRef('acme/web:2')]]));
  expect(values).toMatchObject([{ setter: 'flux-system:web:tag', old: '1', new: '2' }]);
  expect(problems).toEqual([expect.stringContaining('b.yaml')]);
  expect(changed(draft)).toEqual({ 'a/m.yaml': marked.replace('"1"', '"2"') });
});
