import { createGit } from '../../../lib/adapters/git/git.ts';

// Checks out `commit` of `url` below `scratch`, with the token `ghp_hunter2`; for tests that kill it meanwhile.
const [scratch = '', url = '', commit = ''] = process.argv.slice(2);
const git = createGit({ scratch, readSecret: async () => 'ghp_hunter2', allowLocal: true });
const checkout = await git.checkout(
  { url, branch: 'main', paths: ['.'], auth: { token: { env: 'TOKEN' } }, verify: { mode: 'none', keys: [] } },
  commit,
  { submodules: false },
);
await checkout.write();
