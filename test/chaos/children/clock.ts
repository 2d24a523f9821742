/**
 * For `node --import`: the process lives by a clock that is shifted by as many milliseconds as the file CHAOS_CLOCK says (a float64),
 * from the moment it says so.
 */
import { openSync, readSync } from 'node:fs';
import { flushCompileCache } from 'node:module';

const file = openSync(process.env.CHAOS_CLOCK ?? '', 'r');
const shift = new Float64Array(1);
const trueNow = Date.now;
Date.now = () => {
  readSync(file, shift, 0, 8, 0);
  return trueNow() + (shift[0] ?? 0);
};

// Who is killed writes nothing at its end: what it compiled is kept while it runs, for the many starts that follow.
setTimeout(flushCompileCache, 3000).unref();
