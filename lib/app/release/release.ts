import { Failure } from '../../domain/failure.ts';
import type { ReleaseSpec } from '../../domain/release/release-spec.ts';
import { latestImages } from '../../domain/release/release-spec.ts';
import { refuseToWrite, type Writer, writersOf } from '../../domain/release/writer-settings.ts';
import { type RunningImages, readRunning } from '../records/image-index.ts';
import { createImageBook, type ImageBook } from './image-book.ts';
import { planTarget } from './plan-target.ts';
import { readAsked, readAutomated } from './read-images.ts';
import type { ReleaseContext, ReleaseOutcome, ReleasePorts } from './release-context.ts';
import { writePolicies } from './write-policies.ts';
import { type Known, type Written, writeImages } from './write-release.ts';

/**
 * Writes to one branch what a ReleaseJob asks for (DESIGN §3): what runs → what registries have → what is to change → the head of the branch →
 * edits → commit. Where nothing is to change git is not even asked. Throws a Failure if nothing can be done at all.
 */
export async function release(context: ReleaseContext, ports: ReleasePorts): Promise<ReleaseOutcome> {
  const { job, signal } = context;
  const targets = context.targets.filter((target) => {
    const refusal = refuseToWrite(target);
    if (refusal !== undefined && (job.spec.type !== 'auto' || context.targets.length === 1)) throw refusal;
    return refusal === undefined;
  });
  const running = new Map<string, RunningImages>();
  for (const { name } of targets) {
    const found = await readRunning(ports.store, name);
    if (found !== undefined) running.set(name, found);
    else if (job.spec.type !== 'auto') throw neverSynced(name);
  }
  const book = createImageBook(ports, signal);
  await read(book, job.spec, running, context);

  const written: Written[] = [];
  if (job.spec.type !== 'auto' || mayChange(job.spec, { running, book })) {
    for (const writer of writersOf(targets)) written.push(await write(writer, { running, book }, context, ports));
  }
  const pushed = written.findLast((each) => each.pushed !== undefined)?.pushed;
  const error = [...book.failures.values()].find(({ fault }) => fault === 'server');
  return {
    results: written.flatMap(({ results }) => results),
    ...(pushed !== undefined && { pushed }),
    warnings: [...warningsOf(book), ...written.flatMap(({ warnings }) => warnings)],
    ...(error !== undefined && { error }),
  };
}

async function read(
  book: ImageBook,
  spec: ReleaseSpec,
  running: ReadonlyMap<string, RunningImages>,
  { events }: ReleaseContext,
): Promise<void> {
  const images = [...running.values()].map((target) => target.images);
  const [first] = images;
  if (spec.type === 'auto') await readAutomated(book, images, events);
  else if (spec.type === 'image' && first !== undefined) {
    await readAsked(book, spec, first);
    const [failure] = book.failures.values();
    if (failure !== undefined && spec.image !== latestImages) throw failure;
  }
}

async function write(writer: Writer, known: Known, context: ReleaseContext, ports: ReleasePorts): Promise<Written> {
  const { spec } = context.job;
  return spec.type === 'policy'
    ? await writePolicies(writer, spec, known, context, ports)
    : await writeImages(writer, spec, known, context, ports);
}

/** Whether something is to change if git has what runs. What a push of git changes since, its sync tells the index of. */
function mayChange(spec: ReleaseSpec & { readonly type: 'auto' }, { running, book }: Known): boolean {
  const { images } = book;
  for (const { images: live } of running.values()) {
    if (live.policies.length > 0 && images.size > 0) return true;
    const results = planTarget({ spec, defined: live, running: live, images });
    if ([...results.values()].some(({ status }) => status === 'success')) return true;
  }
  return false;
}

function warningsOf({ warnings, failures }: ImageBook): readonly string[] {
  return [...warnings, ...[...failures.values()].map(({ message }) => message)];
}

function neverSynced(target: string): Failure {
  return new Failure('missing', `Cannot release to "${target}": what it runs is not known yet`, {
    help: `Sync it once: sluice sync ${target}`,
  });
}
