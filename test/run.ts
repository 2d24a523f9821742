import { startVitest } from 'vitest/node';

/**
 * `npm test`: every test, and as the last line what became of them, in a form that any CI reads. With CI=true what is skipped counts as
 * failed: nothing that a test needs may be missing there.
 */
const vitest = await startVitest('test', process.argv.slice(2), { watch: false });
await vitest.close();

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state]++;
  }
  // A file that cannot be loaded has no tests to fail.
  if (!module.ok() && [...module.children.allTests('failed')].length === 0) counts.failed++;
}
counts.failed += vitest.state.getUnhandledErrors().length;
if (counts.skipped > 0) console.log(`${counts.skipped} skipped: what they need is not on this machine`);
if (process.env.CI === 'true') counts.failed += counts.skipped;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
