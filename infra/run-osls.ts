import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { StageOptions } from './stage-options.ts';

const program = join(import.meta.dirname, '../node_modules/osls/bin/serverless.js');
export interface OslsResult {
  readonly isDone: boolean;
  readonly output: string;
}

/** Runs a command of osls in a service folder, with this process' environment: it finds credentials as every tool of AWS does. */
export async function runOsls(
  folder: string,
  command: 'package' | 'deploy' | 'remove',
  file: string,
  { stage, region, params }: StageOptions,
): Promise<OslsResult> {
  const flags = ['--config', file, '--stage', stage, '--region', region, ...params.map((param) => `--param=${param}`)];
  const child = spawn(process.execPath, [program, command, '--verbose', ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], ...printed] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { isDone: code === 0, output: printed.join('').trim() };
}
