import { expect, it } from 'vitest';
import { plainMessage } from '../../../lib/adapters/cluster/plain-message.ts';

/** Messages of kube-apiserver 1.20 and 1.36, word for word. */
const messages: readonly (readonly [what: string, message: string, plain: string])[] = [
  [
    'the object, which is named already',
    'configmaps "x" is forbidden: User "ada" cannot get resource "configmaps" in API group "" in the namespace "shop"',
    'User "ada" cannot get resource "configmaps" in API group "" in the namespace "shop"',
  ],
  [
    'the kind of a creation',
    'configmaps is forbidden: User "ada" cannot create resource "configmaps" in API group ""',
    'User "ada" cannot create resource "configmaps" in API group ""',
  ],
  [
    'a path',
    'forbidden: User "system:anonymous" cannot get path "/api/v1"',
    'User "system:anonymous" cannot get path "/api/v1"',
  ],
  [
    'the pattern of a name',
    `ConfigMap "Bad" is invalid: metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    `metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
  ],
  [
    'the type of what came instead',
    'failed to create typed patch object: .spec.replicas: expected numeric (int or float), got *value.valueUnstructured',
    '.spec.replicas: expected numeric (int or float)',
  ],
  [
    'the value that came instead',
    'failed to create typed patch object (shop/x; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got &value.valueUnstructured{Value:"three"}',
    '.spec.replicas: expected numeric (int or float)',
  ],
  [
    'line breaks between several',
    'failed to create typed patch object: errors:\n  .spec.a: field not declared in schema\n  .spec.b: field not declared in schema',
    '.spec.a: field not declared in schema; .spec.b: field not declared in schema',
  ],
  [
    'a struct of Go that may not change',
    'Deployment.apps "x" is invalid: spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"two"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
    'spec.selector: field is immutable',
  ],
  [
    'that struct alone, of several mistakes',
    'Job.batch "x" is invalid: [spec.parallelism: Invalid value: -1: must be greater than or equal to 0, spec.template: Invalid value: core.PodTemplateSpec{Env: "a: b"}: field is immutable]',
    '[spec.parallelism: Invalid value: -1: must be greater than or equal to 0, spec.template: field is immutable]',
  ],
];

it.each(messages)('leaves out %s', (_, message, plain) => {
  expect(plainMessage(message)).toBe(plain);
});

it('leaves a plain message as it is', () => {
  expect(plainMessage('namespaces "x" not found')).toBe('namespaces "x" not found');
});
