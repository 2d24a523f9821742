const firstPauseMs = 50;
const longestPauseMs = 1000;

/** Asks until it is so, after pauses that double up to a second. False if it is not so within `limitMs`; rejects as `sleep` does. */
export async function waitUntil(
  isSo: () => Promise<boolean>,
  limitMs: number,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<boolean> {
  let pause = firstPauseMs;
  for (let waited = 0; !(await isSo()); pause = Math.min(pause * 2, longestPauseMs)) {
    if (waited >= limitMs) return false;
    await sleep(pause);
    waited += pause;
  }
  return true;
}
