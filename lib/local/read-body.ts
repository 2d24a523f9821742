import type { IncomingMessage } from 'node:http';
import type { Body } from '../answer-delivery.ts';

export interface BodyLimits {
  /** Bytes of one body. */
  readonly each: number;
  /** Bytes of all bodies that are held at once: what nobody has verified yet must not fill the memory. */
  readonly together: number;
}

/** Reads bodies within `limits`; no more than that is ever held, whatever a sender claims. */
export function createBodyReader(limits: BodyLimits): (request: IncomingMessage) => Promise<Body> {
  let held = 0;

  async function readBody(request: IncomingMessage): Promise<Body> {
    if (Number(request.headers['content-length']) > limits.each) return { refused: 'too large' };
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        held += chunk.length;
        if (size > limits.each) return { refused: 'too large' };
        if (held > limits.together) return { refused: 'busy' };
        chunks.push(chunk);
      }
      return { bytes: Buffer.concat(chunks) };
    } catch {
      return { refused: 'aborted' };
    } finally {
      held -= size;
    }
  }
  return readBody;
}
