import { Failure } from '../../domain/failure.ts';
import type { Command } from '../command.ts';

export const serve: Command = {
  summary: 'run everything in one process: webhooks, API, syncs',
  usage: '[flags]',
  description:
    'Takes webhooks, syncs the targets of sluice.yaml to their clusters and answers the other commands, with an embedded queue and store. Ctrl-C or SIGTERM lets what is under way finish.',
  flags: {
    config: { value: 'FILE', short: 'c', help: 'the settings; default sluice.yaml' },
    port: { value: 'PORT', short: 'p', help: 'default 8080; 0 takes a free one' },
    host: { value: 'ADDRESS', help: 'where to listen; default 127.0.0.1, 0.0.0.0 for every network' },
    data: { value: 'DIR', help: 'where queue and store are kept; default .sluice' },
  },
  arguments: { least: 0, most: 0 },
  examples: ['sluice serve', 'sluice serve --config sluice.yaml --port 8080 --data /var/lib/sluice'],
  async run({ flag, terminal, environment }) {
    const port = Number(flag('port') ?? 8080);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new Failure('user', `Cannot listen on port "${flag('port')}": it is no number from 0 to 65535`);
    }
    const stop = new AbortController();
    function drain(): void {
      if (stop.signal.aborted) process.exit(130);
      terminal.err('Stopping: what is under way finishes; once more ends it at once');
      stop.abort();
    }
    process.on('SIGINT', drain);
    process.on('SIGTERM', drain);
    const local = await import('../../local/serve.ts');
    await local.serve({
      config: flag('config') ?? 'sluice.yaml',
      host: flag('host') ?? '127.0.0.1',
      port,
      data: flag('data') ?? '.sluice',
      environment,
      signal: stop.signal,
      print: terminal.err,
    });
    return 0;
  },
};
