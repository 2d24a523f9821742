import { startVitest } from 'vitest/node';

/**
 * `npm test`: every test, and as the last line what became of them, in a form that any CI reads. With CI=true what is skipped counts as
 * failed: nothing that a test needs may be missing there; and so does code of the domain and the use cases that no test reaches
 * (the thresholds of vitest.config.ts).
 */
const filters = process.argv.slice(2);
const measured = process.env.CI === 'true' && filters.length === 0;
const vitest = await startVitest('test', filters, { watch: false, coverage: { enabled: measured } });
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
// Vitest says which threshold was missed, and sets the exit code.
if (counts.failed === 0 && process.exitCode) counts.failed++;
if (counts.skipped > 0) console.log(`${counts.skipped} skipped: what they need is not on this machine`);
if (process.env.CI === 'true') counts.failed += counts.skipped;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
