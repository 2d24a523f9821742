import { at, listAt } from './raw-document.ts';
import { type SecretKind, secretsOf } from './secrets-of.ts';
import type { SettingsProblem } from './settings-problem.ts';

/** The longest name made of it is that of a rule of EventBridge, `sluice-<stage>-events-rule-1`, of at most 64 characters. */
const longestStage = 40;

/** Why `stage` cannot name a stage; undefined if it can. Names of resources and secrets hold it. */
export function refuseStage(stage: string): string | undefined {
  if (stage.length > longestStage) return `it has ${stage.length} characters, ${longestStage} are allowed`;
  if (/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(stage)) return undefined;
  return 'it is not made of lower-case letters, digits and dashes, beginning with a letter';
}

/**
 * What a parsed `sluice.yaml` says that the functions in AWS cannot do (DESIGN §5.1): their roles read Secrets Manager and SSM below one
 * prefix for each kind of secret, and become no role but those that are named for Sluice. Without `stage` any stage will do.
 */
export function checkForAws(document: unknown, stage: string | undefined): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  for (const { kind, path, ref } of secretsOf(document)) {
    const message = refuseSecret(ref, kind, stage);
    if (message !== undefined) problems.push({ path, message });
  }
  for (const [index, target] of listAt(document, 'targets').entries()) {
    const role = at(at(at(target, 'cluster'), 'eks'), 'roleArn');
    if (typeof role !== 'string' || /^arn:[\w-]+:iam::\d{12}:role\/sluice-[\w+=,.@-]+$/.test(role)) continue;
    problems.push({
      path: `targets[${index}].cluster.eks.roleArn`,
      message: 'Expected the ARN of a role whose name begins with sluice-: the functions may assume no other',
    });
  }
  return problems;
}

function refuseSecret(ref: unknown, kind: SecretKind, stage: string | undefined): string | undefined {
  const prefix = `sluice/${stage ?? '<stage>'}/${kind}/`;
  if (at(ref, 'file') !== undefined) return `Expected { aws: ${prefix}… } or { ssm: /${prefix}… }, found a file`;
  if (at(ref, 'env') !== undefined) return `Expected { aws: ${prefix}… } or { ssm: /${prefix}… }, found a variable`;
  const [id, name] = [at(ref, 'aws'), at(ref, 'ssm')];
  const rest = new RegExp(`^sluice/${stage ?? '[a-z][a-z0-9-]*'}/${kind}/[\\w/+=.@-]+$`);
  if (typeof id === 'string' && !rest.test(secretName(id))) return `Expected a name that begins with ${prefix}`;
  if (typeof name === 'string' && !(name.startsWith('/') && rest.test(name.slice(1)))) {
    return `Expected a name that begins with /${prefix}`;
  }
  return undefined;
}

/** The name in the ARN of a secret; what is no ARN is a name. */
function secretName(id: string): string {
  return /^arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:(.+)$/.exec(id)?.[1] ?? id;
}
