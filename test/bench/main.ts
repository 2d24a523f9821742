import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { functions } from './functions.ts';
import { imageChoice } from './image-choice.ts';
import { imageIndex } from './image-index.ts';
import { manyObjects } from './many-objects.ts';
import { manyRepositories, oneRepository } from './many-targets.ts';
import { newImage } from './new-image.ts';
import { noOp } from './no-op.ts';
import { oneObject } from './one-object.ts';
import { physicalLimit } from './physical-limit.ts';
import { pushToApplied } from './push-to-applied.ts';
import { render } from './render.ts';
import { describeMachine, formatTable } from './report.ts';
import type { Measurement, Row } from './row.ts';
import { openStage } from './stage.ts';

/** `npm run bench [-- --only NAME] [-- --json FILE]`: each row beside its peer in the same run, since machines differ and are shared. */
const rows: Readonly<Record<string, Row>> = {
  'push-to-applied': pushToApplied,
  'no-op': noOp,
  'one-object': oneObject,
  'many-objects': manyObjects,
  render,
  'physical-limit': physicalLimit,
  'one-repository': oneRepository,
  'many-repositories': manyRepositories,
  functions,
  'new-image': newImage,
  'image-choice': imageChoice,
  'image-index': imageIndex,
};

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, json: { type: 'string' } } });
const names = values.only ?? Object.keys(rows);
const machine = describeMachine();
const measurements: Measurement[] = [];
{
  await using stage = await openStage();
  for (const name of names) {
    const row = rows[name];
    if (row === undefined) throw new Error(`There is no row "${name}", but ${Object.keys(rows).join(', ')}`);
    console.error(`${name}: ${row.about}`);
    measurements.push(...(await row.run(stage)));
  }
}
const { commit, at, cpu, cores, memoryGigabytes, node, git } = machine;
console.log(`Commit ${commit}, ${at}; ${cores} × ${cpu}, ${memoryGigabytes} GB; node ${node}, git ${git}\n`);
console.log(formatTable(measurements));
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine, measurements }, undefined, 2)}\n`);
