import { posix } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import type { Git } from './command.ts';
import { localFailure } from './failures.ts';
import type { Remote } from './fetch.ts';

const maxSubmodules = 32;

/** The addresses of the submodules that the file `.gitmodules` names, by path, relative ones made absolute. Throws a `user` Failure for more than 32. */
export async function readSubmodules(
  git: Git,
  { home, timeoutSeconds, signal }: Remote,
  file: string,
  parentUrl: string,
): Promise<ReadonlyMap<string, string>> {
  const args = ['config', '--file', file, '--no-includes', '--null', '--list'];
  const result = await git(args, { directory: home, timeoutSeconds, signal });
  if (result.code !== 0) throw localFailure('config', result.stderr);
  const output = result.stdout;
  const fields = new Map<string, { path?: string; url?: string }>();
  for (const line of output.toString('utf8').split('\0')) {
    const [, name, field, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    fields.set(name, { ...fields.get(name), [field === 'path' ? 'path' : 'url']: value });
  }
  if (fields.size > maxSubmodules)
    throw new Failure('user', `Cannot check out submodules: there are ${fields.size}, more than ${maxSubmodules}`);
  const found = new Map<string, string>();
  for (const { path, url } of fields.values()) {
    if (path !== undefined && url !== undefined) found.set(posix.normalize(path), absoluteUrl(parentUrl, url));
  }
  return found;
}

/** git-submodule(1): `./` and `../` are relative to the address of the repository that has the submodule. */
export function absoluteUrl(parentUrl: string, url: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let base = parentUrl.replace(/\/+$/, '');
  let rest = url;
  for (;;) {
    if (rest.startsWith('./')) rest = rest.slice(2);
    else if (rest.startsWith('../')) {
      rest = rest.slice(3);
      base = base.replace(/[/:][^/:]*$/, (last) => (last.startsWith(':') ? ':' : ''));
    } else return base.endsWith(':') ? `${base}${rest}` : `${base}/${rest}`;
  }
}
