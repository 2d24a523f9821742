import { asFailure, Failure } from '../../domain/failure.ts';
import type { ReleaseSpec } from '../../domain/release/release-spec.ts';
import { isChanged, type TargetResults } from '../../domain/release/target-results.ts';
import { refuseToWrite, type Writer, writersOf } from '../../domain/release/writer-settings.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { type RunningImages, readRunning } from '../records/image-index.ts';
import { createImageBook, type ImageBook } from './image-book.ts';
import { planTarget } from './plan-target.ts';
import { readAsked, readAutomated } from './read-images.ts';
import type { ReleaseContext, ReleaseOutcome, ReleasePorts } from './release-context.ts';
import { writePolicies } from './write-policies.ts';
import { choose, type Known, type Written, writeImages } from './write-release.ts';

/**
 * Writes to one branch what a ReleaseJob asks for (DESIGN §3): what runs → what registries have → what is to change → the head of the branch →
 * edits → commit. Where nothing is to change git is not even asked. Throws a Failure if nothing can be done at all.
 */
export async function release(context: ReleaseContext, ports: ReleasePorts): Promise<ReleaseOutcome> {
  const { job, signal } = context;
  const { targets, refusals } = writable(context);
  const running = new Map<string, RunningImages>();
  for (const { name } of targets) {
    const found = await readRunning(ports.store, name);
    if (found !== undefined) running.set(name, found);
    else if (job.spec.type !== 'auto') throw neverSynced(name);
  }
  const book = createImageBook(ports, signal);
  await read(book, job.spec, running, context);

  const known = { running, book };
  const planned = job.spec.type === 'auto' ? await planAll(known) : undefined;
  const concerned = targets.filter(({ name }) => planned === undefined || planned.concerned.has(name));
  const written: Written[] = [];
  const failures: Failure[] = [];
  for (const writer of writersOf(concerned)) {
    try {
      written.push(await write(writer, known, context, ports));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(asFailure(error));
    }
  }
  const error = failures[0] ?? unasked(book);
  return {
    results: [...written.flatMap(({ results }) => results), ...(planned?.others ?? [])],
    pushed: written.flatMap(({ pushed }) => pushed ?? []),
    proposed: written.flatMap(({ proposed }) => proposed ?? []),
    warnings: [...refusals, ...warningsOf(book), ...written.flatMap(({ warnings }) => warnings)],
    ...(error !== undefined && { error }),
  };
}

/** Those that may be written to. Throws a Failure if that is none. */
function writable({ targets }: ReleaseContext): {
  readonly targets: readonly Target[];
  readonly refusals: readonly string[];
} {
  const refusals = targets.map(refuseToWrite).filter((failure) => failure !== undefined);
  const [first] = refusals;
  if (first !== undefined && refusals.length === targets.length) throw first;
  return {
    targets: targets.filter((target) => refuseToWrite(target) === undefined),
    refusals: refusals.map(({ message }) => message),
  };
}

/** What is to be tried again, or is wrong with all that was to be asked. */
function unasked({ failures, images }: ImageBook): Failure | undefined {
  const all = [...failures.values()];
  return all.find(({ fault }) => fault === 'server') ?? (images.size === 0 ? all[0] : undefined);
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
  else if (spec.type === 'image' && first !== undefined) await readAsked(book, spec, first);
}

async function write(writer: Writer, known: Known, context: ReleaseContext, ports: ReleasePorts): Promise<Written> {
  const { spec } = context.job;
  return spec.type === 'policy'
    ? await writePolicies(writer, spec, known, context, ports)
    : await writeImages(writer, spec, known, context, ports);
}

interface PlannedTargets {
  /** Names of the targets whose repository has to be looked at. */
  readonly concerned: ReadonlySet<string>;
  /** What becomes of the workloads of all others. */
  readonly others: readonly TargetResults[];
}

/**
 * What automation would change if git had what runs: where that is nothing git need not be asked. What a push of git changes since, its sync tells the
 * index of. Where markers stand only git knows.
 */
async function planAll({ running, book }: Known): Promise<PlannedTargets> {
  const spec = { type: 'auto' } as const;
  const plans = await choose(book, () =>
    [...running].map(([target, { images: live }]): TargetResults => {
      return { target, results: planTarget({ spec, defined: live, running: live, images: book.images }) };
    }),
  );
  const hasPolicies = [...running.values()].some((target) => target.images.policies.length > 0);
  const others = hasPolicies && book.images.size > 0 ? [] : plans.filter((plan) => !isChanged(plan));
  const isOther = new Set(others.map(({ target }) => target));
  return { concerned: new Set([...running.keys()].filter((target) => !isOther.has(target))), others };
}

function warningsOf({ warnings, failures }: ImageBook): readonly string[] {
  return [...warnings, ...[...failures.values()].map(({ message }) => message)];
}

function neverSynced(target: string): Failure {
  return new Failure('missing', `Cannot release to "${target}": what it runs is not known yet`, {
    help: `Sync it once: sluice sync ${target}`,
  });
}
