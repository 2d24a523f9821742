import * as z from 'zod/mini';
import { asFailure, Failure } from '../../domain/failure.ts';
import type { ForgeAnswer, Send } from './http.ts';
import type { KindName } from './kinds.ts';

/** Names that tell what a server is; the first that matches counts. */
const names: readonly (readonly [RegExp, KindName])[] = [
  [/github/, 'github'],
  [/gitlab/, 'gitlab'],
  [/gitea|forgejo|(^|\.)codeberg\.org$/, 'gitea'],
];

const Version = z.object({ version: z.string() });
const Meta = z.object({ verifiable_password_authentication: z.boolean() });

/** What only one of them answers. */
const questions: Readonly<Record<KindName, { readonly path: string; readonly is: (answer: ForgeAnswer) => boolean }>> =
  {
    gitlab: { path: '/api/v4/version', is: ({ status, body }) => status === 200 && Version.safeParse(body).success },
    gitea: { path: '/api/v1/version', is: ({ status, body }) => status === 200 && Version.safeParse(body).success },
    github: { path: '/api/v3/meta', is: ({ status, body }) => status === 200 && Meta.safeParse(body).success },
  };

/** Which forge a server is: by its name, else by what it answers. Throws a `user` Failure for another one. */
export async function findKind(what: string, server: string, token: string, send: Send): Promise<KindName> {
  const { hostname } = new URL(server);
  const known = names.find(([name]) => name.test(hostname));
  if (known !== undefined) return known[1];
  const asked = Object.entries(questions) as [KindName, (typeof questions)[KindName]][];
  const answers = await Promise.all(
    asked.map(async ([kind, { path, is }]) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await send({ method: 'GET', url: `${server}${path}`, headers }).catch(asFailure);
      return { kind, answer, is: !(answer instanceof Failure) && is(answer) };
    }),
  );
  const found = answers.find(({ is }) => is);
  if (found !== undefined) return found.kind;
  for (const { answer } of answers) if (answer instanceof Failure) throw answer;
  throw new Failure(
    'user',
    `Cannot ${what}: "${hostname}" is none of GitHub, GitLab, Gitea and Forgejo, or refuses the token`,
    {
      code: 'Unsupported',
      help: 'Set automation.push to branch, or check the token of automation.auth',
    },
  );
}
