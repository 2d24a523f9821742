import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { readElf } from '../../../infra/layers/elf.ts';
import { describePrograms } from '../../parts/programs.ts';
import { run } from '../../parts/run.ts';

describePrograms(['readelf'], 'beside readelf', () => {
  it.each(['/bin/sh', '/usr/bin/env', process.execPath])('%s needs the same', async (path) => {
    const elf = readElf(await readFile(path));
    const dynamic = await run('readelf', ['--wide', '--dynamic', path]);
    expect(elf?.needed).toEqual([...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name));
    expect(elf?.needed).not.toEqual([]);
    const versions = await run('readelf', ['--wide', '--version-info', path]);
    const needs = versions.slice(versions.indexOf('Version needs section'));
    const names = new Set([...needs.matchAll(/Name: (\S+)/g)].map(([, name]) => name));
    expect(elf?.versions).toEqual([...names].sort());
  });
});

it('a file that is no ELF file is not read', () => {
  expect(readElf(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  expect(readElf(Buffer.alloc(0))).toBeUndefined();
});
