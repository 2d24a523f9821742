import { expect, it, onTestFinished } from 'vitest';
import { createDynamoStore } from '../../../lib/adapters/aws/dynamo-store.ts';
import { createSqsQueue } from '../../../lib/adapters/aws/sqs-queue.ts';
import { receive } from '../../../lib/app/jobs/receive.ts';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { SyncContext } from '../../../lib/app/outcome.ts';
import { findOpenRuns } from '../../../lib/app/records/open-runs.ts';
import { listRuns } from '../../../lib/app/records/run-list.ts';
import { getRun } from '../../../lib/app/records/runs.ts';
import { readTargetState } from '../../../lib/app/records/target-state.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { startDynamo } from '../../fakes/aws/dynamo.ts';
import { startSqs } from '../../fakes/aws/sqs.ts';
import { commit, createJobWorld, inProgress, targetsOf } from './job-world.ts';

const waiting = { waitSeconds: 1, visibilitySeconds: 60, limit: 1 };

/** The same use cases on SQS and DynamoDB, by their clocks. */
async function createAwsWorld(targets = targetsOf({ name: 'shop' })) {
  const [dynamo, sqs] = await Promise.all([startDynamo(), startSqs()]);
  onTestFinished(async () => {
    await Promise.all([dynamo[Symbol.asyncDispose](), sqs[Symbol.asyncDispose]()]);
  });
  await dynamo.createTable('sluice');
  const world = createJobWorld(targets);
  const store = createDynamoStore({ table: 'sluice', clock: Date.now, endpoint: dynamo.endpoint });
  const queue = createSqsQueue({ ...(await sqs.createQueues()), endpoint: sqs.endpoint });
  return { world, ports: { ...world.ports, store, queue, clock: Date.now } };
}

it('a push that fails once by our own fault, and waits for health, comes to its end on SQS and DynamoDB', async () => {
  const { world, ports } = await createAwsWorld();
  const here = world.place('shop');
  here.head = commit('b');
  here.health = inProgress('web');
  let fails = 1;
  async function sync(context: SyncContext) {
    if (fails-- > 0) throw new Failure('server', 'Cannot reach "git.example": refused');
    return await world.ports.sync(context);
  }

  const delivery = world.delivery('d1', commit('b'));
  const received = await receive(delivery, ports);
  expect(await receive(delivery, ports)).toEqual(received);
  const [id = ''] = received.runs;
  const until = Date.now() + 30_000;
  while ((await getRun(ports.store, id))?.status !== 'succeeded' && Date.now() < until) {
    for (const message of await ports.queue.receive('sync', waiting)) await workSync(message, { ...ports, sync });
    if (here.applied.length > 0) here.health = { health: 'Current', waitingFor: [] };
    for (const message of await ports.queue.receive('check', waiting)) await workCheck(message, ports);
  }
  expect(here.applied).toEqual([commit('b')]);
  expect((await listRuns(ports.store, { target: 'shop' }, Date.now())).runs).toEqual([await getRun(ports.store, id)]);
  expect((await listRuns(ports.store, {}, Date.now())).runs).toMatchObject([{ id, status: 'succeeded' }]);
  expect(await readTargetState(ports.store, 'shop')).toMatchObject({ succeeded: { run: id } });
  expect(await findOpenRuns(ports.store, Date.now())).toEqual([]);
  expect(await schedule(10, ports)).toEqual([]);
});

it('targets that were never synced are found due, and once only, on SQS and DynamoDB', async () => {
  const { ports } = await createAwsWorld(targetsOf({ name: 'a' }, { name: 'b' }, { name: 'c', suspend: true }));
  expect(await schedule(10, ports)).toHaveLength(2);
  expect(await schedule(10, ports)).toEqual([]);
  expect(await ports.queue.depth('sync')).toMatchObject({ waiting: 2 });
});
