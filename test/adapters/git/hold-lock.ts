import { acquireLock } from '../../../lib/adapters/git/lock.ts';

// Holds the lock named by its argument until it is killed.
await acquireLock(process.argv[2] ?? '', 10);
process.stdout.write('held\n');
setInterval(() => undefined, 1000);
