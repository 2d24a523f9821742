import { Failure } from '../../domain/failure.ts';

/** Asks one server for the commits of these branches; those that are not there are absent. */
export type AskHeads = (branches: ReadonlySet<string>, signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;

export interface HeadRequest {
  /** The same for the same repository and account. */
  readonly key: string;
  readonly branch: string;
  readonly ask: AskHeads;
  /** Epoch milliseconds: an answer to a question from then or later will do. Absent: only one from now on. */
  readonly since?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A question to a server, for all who wait for it. It is given up when nobody does any more. */
interface Question {
  readonly branches: Set<string>;
  readonly controller: AbortController;
  answer: Promise<ReadonlyMap<string, string>>;
  waiting: number;
}

interface Server {
  readonly answers: Map<string, Answer>;
  running?: Question | undefined;
  next?: Question | undefined;
}

interface Answer {
  readonly commit: string;
  /** When the question was put, by the clock and by one that is never set. */
  readonly asked: number;
  readonly askedMonotonic: number;
}

/** Older answers are of no use to anybody: a push is read within seconds or asked for anew. */
const longestMs = 60_000;
/** By how much the clock may have been set for what it said before to be compared with what it says now. */
const mostSetMs = 50;

/**
 * Heads of branches, asked for at most once at a time and server: whoever asks meanwhile shares the next question, which begins
 * after they asked; so hundreds of targets of a repository cost a question or two.
 */
export function createHeads(clock: () => number): (request: HeadRequest) => Promise<string | undefined> {
  const servers = new Map<string, Server>();

  function isFresh({ asked, askedMonotonic }: Answer, since: number): boolean {
    const [age, monotonicAge] = [clock() - asked, performance.now() - askedMonotonic];
    return asked >= since && monotonicAge < longestMs && Math.abs(age - monotonicAge) < mostSetMs;
  }

  async function put(server: Server, question: Question, ask: AskHeads): Promise<ReadonlyMap<string, string>> {
    await server.running?.answer.catch(() => undefined);
    server.running = question;
    if (server.next === question) server.next = undefined;
    const [asked, askedMonotonic] = [clock(), performance.now()];
    try {
      const heads = await ask(question.branches, question.controller.signal);
      for (const [branch, commit] of heads) server.answers.set(branch, { commit, asked, askedMonotonic });
      return heads;
    } finally {
      if (server.running === question) server.running = undefined;
    }
  }

  function enqueue(server: Server, ask: AskHeads): Question {
    const question: Question = {
      branches: new Set(),
      controller: new AbortController(),
      answer: Promise.resolve(new Map()),
      waiting: 0,
    };
    question.answer = put(server, question, ask);
    // Whoever waits hears of it; nobody may.
    question.answer.catch(() => undefined);
    return question;
  }

  return async ({ key, branch, ask, since, signal }) => {
    const server: Server = servers.get(key) ?? { answers: new Map() };
    servers.set(key, server);
    const known = server.answers.get(branch);
    if (known !== undefined && since !== undefined && isFresh(known, since)) return known.commit;
    if (server.next === undefined || server.next.controller.signal.aborted) server.next = enqueue(server, ask);
    server.next.branches.add(branch);
    return (await answered(server.next, signal)).get(branch);
  };
}

async function answered(question: Question, signal: AbortSignal | undefined): Promise<ReadonlyMap<string, string>> {
  const { promise, reject } = Promise.withResolvers<never>();
  function stop(): void {
    reject(new Failure('server', 'Cannot read the repository: the run was stopped', { code: 'Aborted' }));
  }
  question.waiting += 1;
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await Promise.race([question.answer, promise]);
  } finally {
    signal?.removeEventListener('abort', stop);
    question.waiting -= 1;
    if (question.waiting === 0) question.controller.abort();
  }
}
