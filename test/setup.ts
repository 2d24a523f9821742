import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findApiServerBinaries } from '../lib/local/apiserver/binaries.ts';
import { startApiServer } from '../lib/local/apiserver/start.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of an administrator's kubeconfig of a real API server; undefined where there is none (test/parts/api-server.ts). */
    kubeconfig: string | undefined;
  }
}

const cache = join(import.meta.dirname, '../node_modules/.cache/sluice/kube');

/** One API server for the whole test run: that of SLUICE_TEST_KUBECONFIG, or one that is started here and ended with the run. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.SLUICE_TEST_KUBECONFIG;
  if (given !== undefined && given !== '') {
    project.provide('kubeconfig', given);
    return undefined;
  }
  const binaries = await findApiServerBinaries({ assets: process.env.KUBEBUILDER_ASSETS, cache });
  if (binaries === undefined) {
    project.provide('kubeconfig', undefined);
    return undefined;
  }
  const directory = await mkdtemp(join(tmpdir(), 'sluice-test-kube-'));
  const server = await startApiServer(binaries, { directory });
  project.provide('kubeconfig', server.kubeconfig);
  return async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
