import { isBuiltIn, podSpecPath } from '../domain/objects/built-in.ts';

/** How the fields of an object are merged; a field that is not there is a map that is merged, or a list that is replaced. */
export interface MergeRules {
  readonly [field: string]: MergeRule;
}

export interface MergeRule {
  /** The field that identifies an item of this list; the empty text for a list of scalars. Absent for a map. */
  readonly key?: string;
  /** Of the map, or of each item. */
  readonly rules?: MergeRules;
}

/*
 * `x-kubernetes-patch-merge-key` and `x-kubernetes-patch-strategy` of the OpenAPI document that Kubernetes publishes, without status.
 */
const container: MergeRules = {
  env: { key: 'name' },
  ports: { key: 'containerPort' },
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
};

const podSpec: MergeRules = {
  containers: { key: 'name', rules: container },
  initContainers: { key: 'name', rules: container },
  ephemeralContainers: { key: 'name', rules: container },
  volumes: { key: 'name' },
  imagePullSecrets: { key: 'name' },
  hostAliases: { key: 'ip' },
  topologySpreadConstraints: { key: 'topologyKey' },
  schedulingGates: { key: 'name' },
  resourceClaims: { key: 'name' },
};

const metadata: MergeRule = { rules: { finalizers: { key: '' }, ownerReferences: { key: 'uid' } } };

const webhooks: MergeRules = { webhooks: { key: 'name', rules: { matchConditions: { key: 'name' } } } };

const ofKinds: Readonly<Record<string, MergeRules>> = {
  Service: { spec: { rules: { ports: { key: 'port' } } } },
  ServiceAccount: { secrets: { key: 'name' } },
  MutatingWebhookConfiguration: webhooks,
  ValidatingWebhookConfiguration: webhooks,
};

/** The rules of a kind that Kubernetes itself has; undefined for another, whose patches are JSON merge patches (RFC 7386). */
export function mergeRulesOf(object: { readonly apiVersion: string; readonly kind: string }): MergeRules | undefined {
  if (!isBuiltIn(object)) return undefined;
  const path = podSpecPath(object);
  return path ? { metadata, ...podTemplateRules(path) } : { metadata, ...ofKinds[object.kind] };
}

/** Every map above the pod spec is merged; a pod template also has metadata. */
function podTemplateRules(path: readonly string[]): MergeRules {
  const [field = '', ...rest] = path;
  if (rest.length === 0) return { [field]: { rules: podSpec } };
  return {
    [field]: {
      rules:
        field === 'template' || field === 'jobTemplate'
          ? { metadata, ...podTemplateRules(rest) }
          : podTemplateRules(rest),
    },
  };
}
