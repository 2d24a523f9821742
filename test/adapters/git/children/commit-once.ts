import { createGitWriter } from '../../../../lib/adapters/git/writer.ts';

// Commits to `url` below `scratch`, with the token `ghp_hunter2`; for tests that kill it meanwhile.
const [scratch = '', url = ''] = process.argv.slice(2);
const writer = createGitWriter({ scratch, readSecret: async () => 'ghp_hunter2', allowLocal: true });
await writer.commit({
  source: { url, branch: 'main', paths: ['.'], auth: { token: { env: 'TOKEN' } }, verify: { mode: 'none', keys: [] } },
  author: { name: 'Sluice', email: 'sluice@example.com' },
  change: async () => ({ files: new Map([['a.yaml', 'of the killed']]), message: 'm' }),
});
