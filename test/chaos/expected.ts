import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { run } from '../parts/run.ts';
import { namePrefix, type Place } from './manifests.ts';
import type { Stream, World } from './world.ts';

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

/** The objects of each target as the head of its branch has them: the files themselves, from a clone, with nothing of Sluice. */
export async function readHeads({ streams, directory }: World): Promise<ReadonlyMap<string, readonly KubeObject[]>> {
  const heads = new Map<string, readonly KubeObject[]>();
  for (const stream of streams) {
    const clone = await mkdtemp(join(directory, 'clone-'));
    await run('git', ['clone', '-q', '--branch', stream.branch.name, stream.bare, clone]);
    for (const place of stream.places) heads.set(place.target, await readPlace(clone, place));
    await rm(clone, { recursive: true });
  }
  return heads;
}

async function readPlace(clone: string, { path, isKustomize }: Place): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const file of await readdir(join(clone, path))) {
    if (file === 'kustomization.yaml') continue;
    const object = parse(await readFile(join(clone, path, file), 'utf8')) as KubeObject;
    const { metadata } = object;
    objects.push(isKustomize ? { ...object, metadata: { ...metadata, name: namePrefix + metadata.name } } : object);
  }
  return objects;
}

export function placesOf(streams: readonly Stream[]): readonly Place[] {
  return streams.flatMap(({ places }) => places);
}
