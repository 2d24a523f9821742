import { Failure } from '../../domain/failure.ts';
import { answerFailure, reasonOf } from './answers.ts';
import type { ForgeAnswer, ForgeRequest, Send } from './http.ts';
import type { ForgeKind, OpenRequest, Place, Texts } from './kinds.ts';

/** A forge, and what is said of it. */
export interface Conversation {
  readonly kind: ForgeKind;
  readonly place: Place;
  readonly send: Send;
  /** For messages: `open a pull request for "main" of "https://…"`. */
  readonly what: string;
  /** The reference of the secret, for messages. */
  readonly credentials: string;
}

/** A repository with more open requests than this many pages hold is not searched further. */
const mostPages = 20;

/** Opens the request, or brings the one that is open up to date. */
export async function propose(
  conversation: Conversation,
  texts: Texts,
): Promise<{ readonly url: string; readonly isNew: boolean }> {
  const { kind, place, send, what, credentials } = conversation;
  const open = await find(conversation);
  if (open !== undefined) return { url: await update(conversation, open, texts), isNew: false };
  const answer = await send(kind.open(place, texts));
  if (answer.status === 201) return { url: read(conversation, () => kind.read(answer.body)).url, isNew: true };
  // Another may have been faster, since we looked.
  const theirs = kind.isThere(answer.status, reasonOf(answer)) ? await find(conversation) : undefined;
  if (theirs === undefined) throw answerFailure(what, credentials, answer);
  return { url: await update(conversation, theirs, texts), isNew: false };
}

async function find(conversation: Conversation): Promise<OpenRequest | undefined> {
  const { kind, place } = conversation;
  for (let page = 1; page <= mostPages; page++) {
    const { body } = await ask(conversation, kind.list(place, page));
    const { found, count } = read(conversation, () => kind.find(place, body));
    if (found !== undefined || count < kind.pageSize) return found;
  }
  return undefined;
}

async function update(conversation: Conversation, open: OpenRequest, texts: Texts): Promise<string> {
  const { kind, place } = conversation;
  if (open.title === texts.title && open.body === texts.body) return open.url;
  const { body } = await ask(conversation, kind.update(place, open.number, texts));
  return read(conversation, () => kind.read(body)).url;
}

/** Gitea answers a change with 201. */
async function ask({ send, what, credentials }: Conversation, request: ForgeRequest): Promise<ForgeAnswer> {
  const answer = await send(request);
  if (answer.status === 200 || answer.status === 201) return answer;
  throw answerFailure(what, credentials, answer);
}

function read<Result>({ what }: Conversation, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    throw new Failure('server', `Cannot ${what}: the forge's answer has another shape`, { code: 'WrongAnswer', cause });
  }
}
