const dayMs = 86_400_000;

/**
 * Runs are kept in a partition for each month, in which their ids sort by time; the id alone tells the month. So the newest runs of all
 * targets, and those that are not over, are read in order without an index. A partition of DynamoDB takes 1,000 writes a second: a push
 * that concerns 500 targets writes 500 runs, and afterwards they come at the pace of the workers. Shorter partitions would not raise
 * that, since all writes go to the newest, and would make a quiet quarter of a year more than four queries.
 */
export function runPartition(at: number): string {
  return `runs/${new Date(at).toISOString().slice(0, 7)}`;
}

/** Those of the runs that were asked for between two times, oldest first. */
export function runPartitions(from: number, to: number): readonly string[] {
  const partitions = new Set<string>();
  for (let at = from; at < to; at += dayMs) partitions.add(runPartition(at));
  return [...partitions.add(runPartition(to))];
}
