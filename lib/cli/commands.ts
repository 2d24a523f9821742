import type { Command } from './command.ts';
import { deleteTarget } from './commands/delete.ts';
import { plan } from './commands/plan.ts';
import { runs } from './commands/runs.ts';
import { serve } from './commands/serve.ts';
import { status } from './commands/status.ts';
import { sync } from './commands/sync.ts';
import { targets } from './commands/targets.ts';
import { validate } from './commands/validate.ts';
import { version } from './commands/version.ts';
import { webhooks } from './commands/webhooks.ts';

/** In the order of the help. `help` itself is no entry: it tells of these. */
export const commands: Readonly<Record<string, Command>> = {
  serve,
  validate,
  plan,
  sync,
  status,
  targets,
  runs,
  delete: deleteTarget,
  webhooks,
  version,
};
