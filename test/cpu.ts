/** Milliseconds that this process has computed so far: for bounds that hold on a busy machine too. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
