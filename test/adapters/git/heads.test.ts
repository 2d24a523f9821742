import { expect, it } from 'vitest';
import { type AskHeads, createHeads } from '../../../lib/adapters/git/heads.ts';

/** A server whose answers are given by hand. */
function server() {
  const questions: {
    branches: readonly string[];
    signal: AbortSignal;
    answer: (commit: string) => void;
    fail: () => void;
  }[] = [];
  const ask: AskHeads = (branches, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, string>>();
    signal.addEventListener('abort', () => reject(new Error('given up')));
    questions.push({
      branches: [...branches],
      signal,
      answer: (commit) => resolve(new Map([...branches].map((branch) => [branch, commit]))),
      fail: () => reject(new Error('no answer')),
    });
    return promise;
  };
  return { ask, questions };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

let now = 1_000_000;
const clock = () => now;

it('hundreds who ask at once cost one question', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const all = Array.from({ length: 300 }, () => head({ key: 'shop', branch: 'main', ask }));
  await settled();
  questions[0]?.answer('c1');
  expect(new Set(await Promise.all(all))).toEqual(new Set(['c1']));
  expect(questions.map(({ branches }) => branches)).toEqual([['main']]);
});

it('who asks while a question is under way shares the next one, with other branches', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const first = head({ key: 'shop', branch: 'main', ask });
  await settled();
  const later = [head({ key: 'shop', branch: 'main', ask }), head({ key: 'shop', branch: 'staging', ask })];
  await settled();
  expect(questions).toHaveLength(1);
  questions[0]?.answer('before the push');
  expect(await first).toBe('before the push');
  await settled();
  questions[1]?.answer('after it');
  expect(await Promise.all(later)).toEqual(['after it', 'after it']);
  expect(questions.map(({ branches }) => branches)).toEqual([['main'], ['main', 'staging']]);
});

it('an answer serves whoever wants none that is newer than the question', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const asked = now;
  const first = head({ key: 'shop', branch: 'main', ask });
  await settled();
  questions[0]?.answer('c1');
  await first;
  expect(await head({ key: 'shop', branch: 'main', ask, since: asked })).toBe('c1');
  for (const since of [asked + 1, undefined])
    void head({ key: 'shop', branch: 'main', ask, since }).catch(() => undefined);
  void head({ key: 'other', branch: 'main', ask, since: asked });
  await settled();
  expect(questions).toHaveLength(3);
});

it('a clock that was set back makes no old answer new', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const first = head({ key: 'shop', branch: 'main', ask });
  await settled();
  questions[0]?.answer('c1');
  await first;
  now -= 3_600_000;
  void head({ key: 'shop', branch: 'main', ask, since: now });
  await settled();
  expect(questions).toHaveLength(2);
});

it('a question is given up when the last who waits is stopped, and who asks after that has another', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const [one, two] = [new AbortController(), new AbortController()];
  const waiting = [one, two].map(({ signal }) => head({ key: 'shop', branch: 'main', ask, signal }));
  await settled();
  one.abort();
  await expect(waiting[0]).rejects.toThrow('the run was stopped');
  expect(questions[0]?.signal.aborted).toBe(false);
  two.abort();
  await expect(waiting[1]).rejects.toThrow('the run was stopped');
  expect(questions[0]?.signal.aborted).toBe(true);
  const next = head({ key: 'shop', branch: 'main', ask });
  await settled();
  questions[1]?.answer('c2');
  expect(await next).toBe('c2');
});

it('who is stopped before the question begins takes nobody with him', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const first = head({ key: 'shop', branch: 'main', ask });
  await settled();
  const stopped = head({ key: 'shop', branch: 'main', ask, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow('the run was stopped');
  const next = head({ key: 'shop', branch: 'main', ask });
  questions[0]?.answer('c1');
  expect(await first).toBe('c1');
  await settled();
  questions.at(-1)?.answer('c2');
  expect(await next).toBe('c2');
});

it('a question that fails fails for all who share it, and is not remembered', async () => {
  const { ask, questions } = server();
  const head = createHeads(clock);
  const all = [0, 1].map(() => head({ key: 'shop', branch: 'main', ask }));
  await settled();
  questions[0]?.fail();
  for (const each of all) await expect(each).rejects.toThrow('no answer');
  const next = head({ key: 'shop', branch: 'main', ask, since: now });
  await settled();
  questions[1]?.answer('c1');
  expect(await next).toBe('c1');
});
