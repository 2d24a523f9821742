import { digestOf } from '../domain/digest.ts';
import type { CheckoutRequest, Rendered, RenderRequest, RenderTarget } from '../domain/objects/rendered.ts';
import { createRecent } from '../recent.ts';

/** Of JSON: the manifests of a target of 5,000 ConfigMaps have 3 MB. Texts, since as objects they would take five times the memory. */
const mostCharacters = 64 * 1024 * 1024;

/**
 * Renders a checkout, and remembers what came of it: the same files with the same settings are neither written nor rendered again
 * (DESIGN §3). Not where a render may read beside its files: commands and remote bases.
 */
export function createCheckoutRender(
  render: (request: RenderRequest) => Promise<Rendered>,
): (request: CheckoutRequest) => Promise<Rendered> {
  const known = createRecent<string>(mostCharacters);

  return async ({ checkout, target, signal }) => {
    const key = digestOf({ treeId: checkout.treeId, ...inputsOf(target) });
    const before = known.get(key);
    if (before !== undefined) return JSON.parse(before) as Rendered;
    const directory = await checkout.write();
    const rendered = await render({ directory, target, ...(signal && { signal }) });
    if (!target.allowCommands && !target.allowRemoteBases) {
      const text = JSON.stringify(rendered);
      known.set(key, text, text.length);
    }
    return rendered;
  };
}

/** Everything of a target that a renderer is given, but for how long it may take. */
function inputsOf({ timeout: _, source, ...inputs }: RenderTarget) {
  return { ...inputs, paths: source.paths };
}
