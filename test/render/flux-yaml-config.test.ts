import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { duplicateFailure, findDuplicate } from '../../lib/domain/objects/duplicates.ts';
import { idOf } from '../../lib/domain/objects/kube-object.ts';
import { runGenerator } from '../../lib/render/flux.ts';
import { findFluxConfig, parseFluxConfig } from '../../lib/render/flux-config.ts';
import { describeShared } from '../shared.ts';
import { makeCheckout, makeDirectory, renderIn, targetWith } from './checkout.ts';
import { tools } from './tools.ts';

interface Row<Input, Expect> {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: Input;
  readonly expect: Expect;
}

interface Document {
  readonly document: string;
}

interface Files {
  readonly files: Readonly<Record<string, string>>;
  readonly paths: string[];
}

function withDefault(id: string): string {
  return id.replace('<cluster>', 'default');
}

describeShared('flux_yaml_config.json', (directory) => {
  const { cases } = JSON.parse(readFileSync(join(directory, 'cases/flux_yaml_config.json'), 'utf8'));

  function rows<Input, Expect>(kind: string): [string, Row<Input, Expect>][] {
    const found = (cases as Row<Input, Expect>[]).filter((row) => row.kind === kind);
    expect(found.length).toBeGreaterThan(0);
    return found.map((row) => [`${row.id} ${row.name}`, row]);
  }

  it.each(rows<Document, { error: boolean }>('valid'))('%s', (_name, { input, expect: { error } }) => {
    if (error) expect(() => parseFluxConfig(input.document, '.flux.yaml')).toThrow(/^Cannot use ".flux.yaml": \S/);
    else expect(parseFluxConfig(input.document, '.flux.yaml')).toBeDefined();
  });

  it.each(rows<Document, { mode: string; generatorCount?: number; updaterCount?: number }>('parse'))(
    '%s',
    (_name, row) => {
      const config = parseFluxConfig(row.input.document, '.flux.yaml');
      expect(config.mode).toBe(row.expect.mode);
      expect('generators' in config ? config.generators.length : undefined).toBe(row.expect.generatorCount);
      expect('updaters' in config ? config.updaters.length : undefined).toBe(row.expect.updaterCount);
    },
  );

  it.each(rows<{ files: string[]; target: string }, { error?: string; config?: string; workingDir?: string }>('find'))(
    '%s',
    async (_name, { input, expect: expected }) => {
      const checkout = await makeCheckout({
        [`${input.target}/keep`]: '',
        ...Object.fromEntries(input.files.map((file) => [file, 'version: 1\nscanForFiles: {}\n'])),
      });
      const place = await findFluxConfig(checkout, input.target);
      if (expected.error === undefined)
        expect(place).toEqual({ file: expected.config, directory: expected.workingDir });
      else expect(place).toBeUndefined();
    },
  );

  it.each(rows<Document & { defaultTimeoutSeconds: number }, { errors: boolean[] }>('generate'))(
    '%s',
    async (_name, row) => {
      const root = await makeCheckout({});
      const config = parseFluxConfig(row.input.document, '.flux.yaml');
      if (config.mode === 'scanForFiles') throw new Error('there are no generators');
      const errors: boolean[] = [];
      for (const generator of config.generators) {
        const target = targetWith({ allowCommands: true, timeout: row.input.defaultTimeoutSeconds });
        const run = runGenerator(
          {
            root,
            path: '.',
            target,
            tools,
            scratch: await makeDirectory(),
            searchPath: '/usr/bin:/bin',
            gitEnvironment: {},
          },
          generator,
        );
        errors.push(
          await run.then(
            () => false,
            () => true,
          ),
        );
      }
      expect(errors).toEqual(row.expect.errors);
    },
  );

  it.each(rows<Files, { ids?: string[]; contains?: string[]; error?: string }>('load'))('%s', async (_name, row) => {
    const checkout = await makeCheckout(row.input.files);
    const { manifests } = await renderIn(checkout, { paths: row.input.paths, allowCommands: true }).catch((error) => {
      if (row.expect.error !== undefined) expect(error.message).toContain(row.expect.error);
      else throw error;
      return { manifests: [] };
    });
    const ids = manifests.map(({ object }) => withDefault(idOf(object)));
    if (row.expect.ids) expect(ids).toEqual(row.expect.ids);
    if (row.expect.contains) expect(ids).toEqual(expect.arrayContaining(row.expect.contains));
    const duplicate = findDuplicate(manifests, ({ metadata }) => metadata.namespace ?? 'default');
    if (duplicate) expect(duplicateFailure(duplicate).message).toContain(row.expect.error);
  });

  it.each(
    rows<Files, { plain: string[]; generated: { workingDir: string; configRelativeToWorkingDir: string }[] }>('split'),
  )('%s', async (_name, { input, expect: expected }) => {
    const checkout = await makeCheckout({
      ...input.files,
      ...Object.fromEntries(input.paths.map((path) => [`${path}/keep`, ''])),
    });
    const places = await Promise.all(
      input.paths.map(async (path) => ({ path, place: await findFluxConfig(checkout, path) })),
    );
    expect(places.filter(({ place }) => place === undefined).map(({ path }) => path)).toEqual(expected.plain);
    expect(
      places.flatMap(({ place }) =>
        place ? [{ workingDir: place.directory, from: relative(place.directory, place.file) }] : [],
      ),
    ).toEqual(
      expected.generated.map(({ workingDir, configRelativeToWorkingDir }) => ({
        workingDir,
        from: configRelativeToWorkingDir.slice(workingDir.length + 1),
      })),
    );
  });
});
