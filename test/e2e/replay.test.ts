import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeShared } from '../shared.ts';
import { exampleOf } from '../webhooks/examples/examples.ts';
import { keySet } from '../webhooks/google.ts';
import { replayedIds, replayedTargets, unguessable } from '../webhooks/replay-settings.ts';
import { type HttpReplay, httpReplays } from '../webhooks/replays.ts';
import { type Answer, type Serve, startServe } from './serve.ts';

/** Every recorded delivery over HTTP to `sluice serve`: as its sender sends it, and as anybody else would. */

describeShared('recorded deliveries to sluice serve', (directory) => {
  const replays = httpReplays(directory, Date.now());
  const ids = replayedIds(replays);
  let google: Server;
  let serve: Serve;

  beforeAll(async () => {
    google = createServer((_, response) => void response.end(JSON.stringify(keySet))).listen(0, '127.0.0.1');
    await once(google, 'listening');
    const keys = `http://127.0.0.1:${(google.address() as AddressInfo).port}/certs`;
    serve = await startServe({
      settings: {
        webhooks: [
          ...replays.map(({ name, sender, settings, secret }) => ({
            id: ids.get(name),
            sender,
            ...settings,
            ...(sender === 'gcr' && { keys }),
            ...(secret !== undefined && { secret: { file: `secret-of-${name}` } }),
          })),
          { id: unguessable, sender: 'bitbucket' },
        ],
        targets: replayedTargets({ env: 'KUBECONFIG' }),
      },
      secrets: Object.fromEntries(
        replays.flatMap(({ name, secret }) => (secret === undefined ? [] : [[`secret-of-${name}`, secret]])),
      ),
    });
  });
  afterAll(async () => {
    google.close();
    await serve[Symbol.asyncDispose]();
  });

  function send(id: string, { headers, body }: HttpReplay['right']): Promise<Answer> {
    return serve.request('POST', `/webhooks/${id}`, body, { authorization: '', ...lower(headers) });
  }

  it.each(replays)('$name ($sender) says $says', async (replay) => {
    const { status, body } = await send(ids.get(replay.name) ?? '', replay.right);
    if (!replay.says.startsWith('refs/heads/')) expect(status).toBe(204);
    else {
      expect(status).toBe(202);
      expect(body.runs).toHaveLength(1);
    }
  });

  it.each(replays.filter(({ wrong }) => wrong))('$name by someone else is refused', async ({ name, wrong, right }) => {
    expect((await send(ids.get(name) ?? '', wrong ?? right)).status).toBe(401);
  });

  it.each(replays.filter(({ wrong }) => !wrong))('$name at another id is refused', async ({ right }) => {
    for (const id of [`${unguessable}-999`, unguessable.slice(0, -1), 'acr', 'dockerhub', 'quay']) {
      expect((await send(id, right)).status).toBe(404);
    }
  });

  describe('an id that is a secret', () => {
    it('names no run, no line of the log and nothing in the store', async () => {
      const { headers } = exampleOf('bitbucket');
      const replay = replays.find(({ name }) => name === 'bitbucket-cloud-push');
      const { status, body } = await send(unguessable, {
        headers: headers as Readonly<Record<string, string>>,
        body: replay?.right.body ?? Buffer.of(),
      });
      expect(status).toBe(202);
      const run = await serve.run(body.runs[0]);
      expect(run.cause).toEqual({ kind: 'push', by: 'bitbucket' });
      // What nobody can read is refused and logged.
      expect(
        (await send(unguessable, { headers: headers as Record<string, string>, body: Buffer.from('{') })).status,
      ).toBe(200);
      expect(serve.output).toContain('A delivery was refused');
      expect(serve.output).toContain('bitbucket: POST');
      expect(serve.output).not.toContain(unguessable);
      for (const file of readdirSync(serve.data)) {
        const path = join(serve.data, file);
        if (file.startsWith('sluice.db')) expect(readFileSync(path).includes(unguessable)).toBe(false);
      }
    });
  });
});

function lower(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
