import { Failure } from '../../domain/failure.ts';
import type { WebhookSetup } from '../../local/webhooks.ts';
import { createClient } from '../client.ts';
import { type Call, type Command, outputFlag, serverFlags } from '../command.ts';
import { formatDetails, printJson, wrap } from '../print.ts';

export const webhooks: Command = {
  summary: 'list the webhooks of sluice.yaml and how to set them up; try one',
  usage: '[test ID] [flags]',
  description:
    'Lists what sluice.yaml configures: the full address of each webhook, where to click in the product that sends it, and what to tick there. "test ID" sends a signed example to the running server, as that product would; the secret is read here.',
  flags: {
    config: { value: 'FILE', short: 'c', help: 'the settings; default sluice.yaml' },
    target: {
      value: 'TARGET',
      help: 'test: a push to the branch of this target, which syncs it; else one that concerns nobody',
    },
    ...outputFlag,
    url: {
      ...serverFlags.url,
      help: 'the server as its senders reach it; else SLUICE_URL, else http://127.0.0.1:8080',
    },
  },
  arguments: { least: 0, most: 2 },
  examples: [
    'sluice webhooks --url https://sluice.acme.io',
    'sluice webhooks test acme-github',
    'sluice webhooks test acme-github --target shop-staging',
  ],
  async run(call) {
    const [verb, id] = call.arguments;
    if (verb === undefined) return list(call);
    if (verb === 'test' && id !== undefined) return await test(call, id);
    const found = verb === 'test' ? 'ID is missing' : `"${verb}" is neither left out nor test`;
    throw new Failure('user', `Cannot run "sluice webhooks": ${found}`, { help: 'Run "sluice help webhooks"' });
  },
};

async function list(call: Call): Promise<number> {
  const { terminal } = call;
  const local = await import('../../local/webhooks.ts');
  const config = call.flag('config') ?? 'sluice.yaml';
  const { url } = createClient(call);
  const found = local.listWebhooks(config).map(({ path, ...setup }) => ({ ...setup, url: url + path }));
  if (call.json) printJson(terminal, { webhooks: found.map(fillIn) });
  else if (found.length === 0) {
    terminal.out(
      `${config} has no webhooks: add one, such as { id: acme-github, sender: github, secret: { env: NAME } }`,
    );
  }
  for (const [index, setup] of call.json ? [] : found.entries()) {
    if (index > 0) terminal.out('');
    print(call, fillIn(setup));
  }
  return 0;
}

type Shown = Omit<WebhookSetup, 'path'> & { readonly url: string };

/** The fields with the address and the place of the secret in them. */
function fillIn(setup: Shown): Shown {
  const { fields, url, secret } = setup;
  const filled = fields.map(([field, value]) => {
    return [field, value.replaceAll('$URL', url).replaceAll('$SECRET', `the value of ${secret}`)] as const;
  });
  return { ...setup, fields: filled };
}

function print({ terminal }: Call, { id, sender, product, url, where, fields, events, isPathSecret }: Shown): void {
  terminal.out(terminal.paint('bold', `${isPathSecret ? sender : id} (${product})`));
  const lines = formatDetails([
    ['Address', url],
    ['Where', where],
    ...fields.map(([field, value]) => [field, value] as const),
    ['Events', events.join('; ')],
    ['Guide', `docs/webhooks/${sender}.md`],
  ]);
  for (const line of lines) terminal.out(`  ${line}`);
  if (!isPathSecret) return;
  const warning = 'Nothing is signed: the address is the secret. Show it to nobody but the product.';
  for (const line of wrap(warning, terminal.width ?? 100)) terminal.out(`  ${line}`);
}

async function test(call: Call, webhook: string): Promise<number> {
  const { terminal, environment } = call;
  const local = await import('../../local/webhooks.ts');
  const target = call.flag('target');
  const sample = await local.sampleDelivery({
    config: call.flag('config') ?? 'sluice.yaml',
    webhook,
    ...(target !== undefined && { target }),
    environment,
    now: call.now(),
  });
  const client = createClient(call);
  const reply = await client.deliver(sample.path, sample);
  const said = reply.status === 204 ? 'it concerns no target' : `${reply.message}, ${reply.runs.join(', ')}`;
  if (call.json) printJson(terminal, reply);
  else terminal.out(`${client.url} accepts what ${sample.sender} sends (${reply.status}): ${said}`);
  return 0;
}
