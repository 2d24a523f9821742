import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { Body } from '../../lib/answer-delivery.ts';
import { createBodyReader } from '../../lib/local/read-body.ts';

/** A server that reads bodies within limits, and what it made of each. */
async function start(limits: { each: number; together: number }) {
  const bodies: Body[] = [];
  const read = createBodyReader(limits);
  const server = createServer(async (request, response) => {
    bodies.push(await read(request));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { bodies, port: (server.address() as AddressInfo).port };
}

it('bodies that together hold too much are refused as busy, and there is room again once one is read', async () => {
  const { bodies, port } = await start({ each: 10, together: 15 });
  const slow = connect(port, '127.0.0.1');
  slow.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345678');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '1234567890' });
  expect(bodies).toEqual([{ refused: 'busy' }]);
  slow.write('90');
  await once(slow, 'data');
  slow.destroy();
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '1234567890' });
  expect(bodies.slice(1)).toEqual([{ bytes: Buffer.from('1234567890') }, { bytes: Buffer.from('1234567890') }]);
});

it('a body whose sender hangs up is aborted, and holds nothing any more', async () => {
  const { bodies, port } = await start({ each: 10, together: 15 });
  const gone = connect(port, '127.0.0.1');
  gone.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345678');
  await new Promise((resolve) => setTimeout(resolve, 100));
  gone.destroy();
  await expect.poll(() => bodies).toEqual([{ refused: 'aborted' }]);
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '1234567890' });
  expect(bodies[1]).toEqual({ bytes: Buffer.from('1234567890') });
});
