import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadDelivery } from './deliveries.ts';

export interface SendOptions {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** The delivery number `count`. */
  readonly make: (count: number) => LoadDelivery;
}

export interface Sent {
  /** Milliseconds of each answer, by the second in which the request was sent. */
  readonly answered: readonly (readonly number[])[];
  /** How much later than planned a request was sent, at most: then we were slow, not the server. */
  readonly latestMs: number;
  /** The ids of the runs of all that were accepted. */
  readonly runs: readonly string[];
  /** Answers other than expected, by what came instead. */
  readonly wrong: ReadonlyMap<string, number>;
  /** Epoch milliseconds at the last answer. */
  readonly endedAt: number;
}

/** Sends at a steady rate, whether answers come or not, over connections that are kept. */
export async function send({ url, perSecond, seconds, make }: SendOptions): Promise<Sent> {
  // In turns, so that none is idle for so long that the server closes it.
  const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'fifo' });
  const answered = Array.from({ length: seconds + 1 }, (): number[] => []);
  const runs: string[] = [];
  const wrong = new Map<string, number>();
  const total = perSecond * seconds;
  const start = performance.now();
  let latestMs = 0;
  const pending = new Set<Promise<void>>();

  async function deliver(count: number, due: number): Promise<void> {
    const delivery = make(count);
    const began = performance.now();
    latestMs = Math.max(latestMs, began - due);
    const { status, body } = await post(agent, `${url}/webhooks/${delivery.webhook}`, delivery).catch(
      (error: Error) => ({
        status: 0,
        body: error.message,
      }),
    );
    answered[Math.min(Math.floor((began - start) / 1000), seconds)]?.push(performance.now() - began);
    if (status === 202) runs.push(...(JSON.parse(body) as { readonly runs: readonly string[] }).runs);
    if (status !== delivery.status) {
      const what = `${status} instead of ${delivery.status}${status === 0 ? `: ${body}` : ''}`;
      wrong.set(what, (wrong.get(what) ?? 0) + 1);
    }
  }

  for (let count = 0; count < total; ) {
    const now = performance.now();
    for (; count < total && start + (count * 1000) / perSecond <= now; count++) {
      const one: Promise<void> = deliver(count, start + (count * 1000) / perSecond).finally(() => pending.delete(one));
      pending.add(one);
    }
    await sleep(1);
  }
  await Promise.all(pending);
  agent.destroy();
  return { answered, latestMs, runs, wrong, endedAt: Date.now() };
}

function post(agent: Agent, url: string, { headers, body }: LoadDelivery): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
