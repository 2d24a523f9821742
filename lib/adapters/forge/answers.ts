import * as z from 'zod/mini';
import { Failure } from '../../domain/failure.ts';
import type { ForgeAnswer } from './http.ts';

const Refusal = z.object({
  message: z.optional(z.unknown()),
  error: z.optional(z.unknown()),
  errors: z.optional(z.unknown()),
});
const Detail = z.object({ message: z.string() });

const maxReason = 300;

/** What a forge says in one line of why it refuses: GitHub's and Gitea's `message` and `errors[].message`, GitLab's `message` or `error`, of any shape. */
export function reasonOf({ body }: ForgeAnswer): string {
  const said = Refusal.safeParse(body);
  if (!said.success) return '';
  const { message, error, errors } = said.data;
  const details = (Array.isArray(errors) ? errors : []).map((one) => Detail.safeParse(one).data?.message ?? one);
  const texts = [message, error, ...details].flatMap(textsOf);
  return [...new Set(texts)]
    .join(': ')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, maxReason);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([field, found]) => `${field} ${textsOf(found).join(', ')}`);
}

/** The Failure that an answer without success is; `credentials` names the secret. */
export function answerFailure(what: string, credentials: string, answer: ForgeAnswer): Failure {
  const { status, headers } = answer;
  const reason = reasonOf(answer);
  const said = reason === '' ? String(status) : `${reason} (${status})`;
  if (isLimited(answer)) {
    const wait = headers.get('retry-after');
    const state = `the forge asks to wait${wait !== null && /^\d{1,9}$/.test(wait) ? ` ${wait} s` : ''}`;
    return new Failure('server', `Cannot ${what}: ${state}`, { code: 'TooManyRequests' });
  }
  if (status >= 500) return new Failure('server', `Cannot ${what}: the forge answers ${said}`, { code: 'Unreachable' });
  if (status >= 300 && status < 400)
    return new Failure('user', `Cannot ${what}: the forge sends us elsewhere (${status})`, {
      code: 'Moved',
      help: 'Correct source.url: the repository may have another name now',
    });
  if (status === 401 || status === 403)
    return new Failure('user', `Cannot ${what}: the forge refuses it: ${said}`, {
      code: status === 401 ? 'Unauthorized' : 'Forbidden',
      help: `Check that the secret ${credentials} may open pull requests, or give automation.auth one that may`,
    });
  if (status === 404)
    return new Failure('missing', `Cannot ${what}: the forge has no such repository, or the token does not show it`, {
      code: 'NotFound',
      help: `Check source.url, and that the secret ${credentials} may read the repository's pull requests`,
    });
  return new Failure('user', `Cannot ${what}: the forge refuses it: ${said}`, { code: 'Refused' });
}

/** GitHub's limits answer 403 too (docs.github.com, "Rate limits for the REST API"). */
function isLimited({ status, headers }: ForgeAnswer): boolean {
  if (status === 429) return true;
  return status === 403 && (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0');
}
