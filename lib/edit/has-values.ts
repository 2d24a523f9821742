import type { Json } from '../domain/objects/kube-object.ts';
import { readYaml } from '../render/read-yaml.ts';
import { sameJson } from './same-json.ts';

/** Whether a text holds these very documents: the check after every edit (facts/flux-v1.md §1.13), over every value of the file. */
export function hasValues(text: string, name: string, wanted: readonly Json[]): boolean {
  try {
    return sameJson(
      readYaml(text, name).map(({ value }) => value),
      wanted,
    );
  } catch {
    return false;
  }
}
