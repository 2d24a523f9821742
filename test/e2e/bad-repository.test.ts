import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { createRepository, type FileContents, type Repository } from '../parts/repository.ts';
import { configMap, openStage, type Stage, type StageServe } from './stage.ts';

/** A commit that cannot be rendered, what its run says (`URL` is the repository's address), and what to do next. */
interface Bad {
  readonly files: Readonly<Record<string, FileContents>>;
  readonly message: string;
  readonly help: string;
}

const correct = 'Correct it and push; until then the cluster stays as it is';
const object = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bad\n';
const linkOut = 'the symbolic link leads out of the repository or in a circle';

/** Ten aliases of ten aliases …, nine deep: ten billion values. */
const bomb = `${object}x0: &x0 [a,a,a,a,a,a,a,a,a,a]\n${Array.from({ length: 9 }, (_, level) => `x${level + 1}: &x${level + 1} [${Array(10).fill(`*x${level}`)}]\n`).join('')}`;

function manifest(text: string, message: string, help = correct): Bad {
  return { files: { 'app/bad.yaml': text }, message: `Cannot read "app/bad.yaml": ${message}`, help };
}

const commits: Readonly<Record<string, Bad>> = {
  'yaml-colon': manifest(
    'metadata:\n  name: a: b\n',
    'line 2, column 9: nested mappings are not allowed in compact mappings',
  ),
  'yaml-second': manifest(
    `${object}---\n${object}data: [1\n`,
    'line 11, column 1: flow sequence in block collection must be sufficiently indented and end with a ]',
  ),
  'yaml-template': manifest(
    'metadata:\n  name: {{ .Values.name }}\n',
    'line 2, column 10: a key is a list or a map; if {{ }} is meant as a template, render or quote it',
  ),
  'yaml-conflict': manifest(
    `${object}data:\n<<<<<<< HEAD\n  a: b\n=======\n  a: c\n>>>>>>> branch\n`,
    'line 6, column 1: a merge conflict that was not resolved',
  ),
  'yaml-of-a-secret': manifest(
    'kind: Secret\nmetadata: {name: a}\nstringData:\n  password: canary-7f3a: x\n',
    'line 4, column 13: nested mappings are not allowed in compact mappings',
  ),
  'alias-bomb': manifest(bomb, 'line 5, column 14: aliases make more than 100000 values'),
  'no-kind': manifest(
    'apiVersion: v1\nmetadata: {name: a}\n',
    'line 1: the document has apiVersion and metadata, and no kind',
    'Give it a kind, or remove it',
  ),
  'no-name': manifest(
    `${object}---\n\napiVersion: v1\nkind: ConfigMap\ndata: {}\n`,
    'line 7: the ConfigMap has no metadata.name',
  ),
  'no-api-version': manifest('kind: ConfigMap\nmetadata: {name: a}\n', 'line 1: the ConfigMap "a" has no apiVersion'),
  'label-no-text': manifest(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {on: true}}\n',
    'line 1: "true" in the labels of the ConfigMap "a" is not a text; quote it',
  ),
  sops: manifest(
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: "ENC[x]"}\nsops: {mac: "ENC[x]"}\n',
    'line 1: the Secret is encrypted with SOPS',
    'Sluice cannot decrypt SOPS files yet; use a SealedSecret or an ExternalSecret',
  ),
  duplicate: {
    files: { 'app/a.yaml': object, 'app/b.yaml': `# another\n${object}` },
    message: 'Cannot apply "configmap/bad": a duplicate, defined in "app/a.yaml" line 1 and in "app/b.yaml" line 2',
    help: 'Remove one of the two definitions, or give one another name or namespace',
  },
  'file-of-60-mib': {
    files: { 'app/bad.yaml': Buffer.alloc(60 * 1024 ** 2, '# a line\n') },
    message: 'Cannot check out "app/bad.yaml" of "URL": 60 MiB, more than the 50 MiB that a file may have',
    help: 'Keep it out of source.paths, or out of the repository',
  },
  'link-absolute': {
    files: { 'app/bad.yaml': { link: '/etc/passwd' } },
    message: `Cannot check out "app/bad.yaml" of "URL": ${linkOut}`,
    help: correct,
  },
  'link-to-nothing': {
    files: { 'app/bad.yaml': { link: 'nothing.yaml' } },
    message: 'Cannot read "app/bad.yaml": its symbolic link leads to nothing that is there',
    help: correct,
  },
  'kustomize-out': {
    files: { 'app/kustomization.yaml': 'resources: [../../../etc/passwd]\n' },
    message:
      'Cannot build "app/kustomization.yaml": its entry "../../../etc/passwd" cannot be used: the path leaves the checkout',
    help: correct,
  },
  'helm-template': {
    files: {
      'app/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'app/templates/a.yaml': 'a: {{ .Values.x.y.z }}\n',
    },
    message:
      'Cannot render the chart "app": shop/templates/a.yaml:1:13 executing "shop/templates/a.yaml" at <.Values.x.y.z>: nil pointer evaluating interface {}.y',
    help: correct,
  },
  'path-gone': {
    files: { 'app/kept.yaml': null, 'app/old.yaml': null, 'elsewhere/kept.yaml': object },
    message: 'Cannot check out "app" of "URL": it is not there at commit COMMIT',
    help: 'Correct source.paths, or push the path',
  },
  'nothing-rendered': {
    files: { 'app/kept.yaml': null, 'app/old.yaml': null, 'app/README.md': 'empty\n' },
    message: 'Cannot prune target "nothing-rendered": the revision renders no object, and 2 are in the cluster',
    help: 'If all are meant to go, set allowEmpty: true on the target; else look at source.paths',
  },
};

interface Seen {
  readonly run: Run;
  readonly live: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

describeCluster('a commit that cannot be rendered', (kubeconfig) => {
  const names = Object.keys(commits);
  const repositories = new Map<string, Repository>();
  const bad = new Map<string, Seen>();
  const healed = new Map<string, Seen>();
  let stage: Stage;
  let serve: StageServe;

  /** Pushes to all repositories, waits for all runs, then looks at the cluster. */
  async function pushAll(
    filesOf: (name: string) => Readonly<Record<string, FileContents>>,
  ): Promise<ReadonlyMap<string, Seen>> {
    const runs = new Map<string, Run>();
    await Promise.all(
      names.map(async (name) => {
        const repository = repositories.get(name);
        if (repository === undefined) throw new Error(`there is no repository ${name}`);
        const after = await repository.commit(filesOf(name));
        const [run = ''] = await serve.pushed({ url: repository.url, after });
        runs.set(name, await serve.ended(run, 60));
      }),
    );
    const live = await stage.configMaps();
    return new Map([...runs].map(([name, run]) => [name, { run, live }]));
  }

  beforeAll(async () => {
    stage = await openStage(kubeconfig);
    await Promise.all(names.map(async (name) => repositories.set(name, await createRepository(stage.directory, name))));
    const others = [...repositories].map(([name, { url }]) =>
      stage.targetOf(name, { source: { url, branch: 'main', paths: ['app'] } }),
    );
    serve = await stage.serve({ others });
    await pushAll((name) => ({
      'app/kept.yaml': configMap(`${name}-kept`, { revision: '1' }),
      'app/old.yaml': configMap(`${name}-old`),
    }));
    for (const [name, seen] of await pushAll((name) => ({
      'app/kept.yaml': configMap(`${name}-kept`, { revision: '2' }),
      'app/old.yaml': null,
      ...commits[name]?.files,
    })))
      bad.set(name, seen);
    for (const [name, seen] of await pushAll((name) => ({
      ...Object.fromEntries(Object.keys(commits[name]?.files ?? {}).map((path) => [path, null])),
      'app/kept.yaml': configMap(`${name}-kept`, { revision: '3' }),
      'app/old.yaml': null,
    })))
      healed.set(name, seen);
  });
  afterAll(async () => {
    await serve[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  describe.each(Object.entries(commits))('%s', (name, { message, help }) => {
    it('fails its run in one line that says what, where and what to do', () => {
      const { status, error } = bad.get(name)?.run ?? {};
      const url = repositories.get(name)?.url ?? '';
      const said = error?.message.replaceAll(url, 'URL').replace(/[0-9a-f]{40}/, 'COMMIT');
      expect({ status, said, help: error?.help }).toEqual({ status: 'failed', said: message, help });
    });

    it('changes and deletes nothing, and the next commit heals it', () => {
      const before = bad.get(name)?.live ?? {};
      expect([before[`${name}-kept`], before[`${name}-old`]]).toEqual([{ revision: '1' }, {}]);
      const { run, live = {} } = healed.get(name) ?? {};
      expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 1, deleted: 1, failed: 0 } });
      expect([live[`${name}-kept`], live[`${name}-old`]]).toEqual([{ revision: '3' }, undefined]);
    });
  });

  it('has its values in no log', () => {
    expect(serve.output).not.toContain('canary');
    expect(JSON.stringify([...bad.values()].map(({ run }) => run))).not.toContain('canary');
  });
});
