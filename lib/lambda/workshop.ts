import { gitLayer } from '../adapters/aws/git-layer.ts';
import { createGit } from '../adapters/git/git.ts';
import { createTools } from '../adapters/tools.ts';
import type { Git, Render } from '../app/ports.ts';
import { createRender } from '../render/render.ts';
import { createCheckoutRender } from '../render/render-checkout.ts';
import type { Parts } from './parts.ts';

/** The only place that can be written to. It is kept from one job to the next. */
export const scratch = '/tmp/sluice';

/** What a sync needs beside a cluster: git and the tools that render, out of the layers. */
export function openWorkshop({ readSecret }: Parts): { readonly git: Git; readonly render: Render } {
  const tools = createTools({ directory: `${scratch}/tools`, searchPath: gitLayer.path });
  return {
    git: createGit({ scratch, readSecret, allowLocal: false, ...gitLayer }),
    render: createCheckoutRender(
      createRender({
        tools,
        scratch: `${scratch}/render`,
        searchPath: gitLayer.path,
        gitEnvironment: gitLayer.environment,
      }),
    ),
  };
}
