#!/usr/bin/env node
// Plain JavaScript, so that any Node can say what is missing. The checkout brings its own Node 24 (package.json, optionalDependencies).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= 24) await import('./main.ts');
else {
  const own = ['../../node_modules/node/bin/node', '../../node_modules/.bin/node']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  if (own === undefined) {
    process.stderr.write(
      `sluice: Node 24 or newer is missing (this is ${process.version}): run "npm ci" in the checkout of sluice, or install Node 24\n`,
    );
    process.exitCode = 2;
  } else runWith(own);
}

function runWith(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; whoever signals this process alone means the child.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('error', (error) => {
    process.stderr.write(`sluice: Cannot start ${node}: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exitCode = code;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
