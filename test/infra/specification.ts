import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import type { PropertyType, SpecDatabase, Property as SpecProperty } from '@aws-cdk/service-spec-types';
import type { Resource } from './packaged.ts';

/** Tells what of a resource CloudFormation does not know, or misses: `SyncQueue.FifoQueu is unknown`. */
export type CheckResource = (name: string, resource: Resource) => readonly string[];

type SpecProperties = Readonly<Record<string, SpecProperty>>;

/** Checks types, properties and required ones, down to every level, by AWS's own specification of its resources. */
export async function resourceChecker(): Promise<CheckResource> {
  const database = await loadAwsServiceSpec();
  return (name, { Type, Properties }) => {
    const [known] = database.lookup('resource', 'cloudFormationType', 'equals', Type);
    return known === undefined
      ? [`${name} is of an unknown type ${Type}`]
      : check(database, name, known.properties, Properties);
  };
}

function check(database: SpecDatabase, path: string, known: SpecProperties, given: object): readonly string[] {
  const missing = Object.entries(known).filter(
    ([key, { required }]) => required === true && !Object.hasOwn(given, key),
  );
  return [
    ...missing.map(([key]) => `${path}.${key} is missing`),
    ...Object.entries(given).flatMap(([key, value]) => {
      const property = known[key];
      if (property === undefined) return [`${path}.${key} is unknown`];
      return checkValue(database, `${path}.${key}`, property.type, value);
    }),
  ];
}

function checkValue(database: SpecDatabase, path: string, type: PropertyType, value: unknown): readonly string[] {
  if (isIntrinsic(value)) return branchesOf(value).flatMap((branch) => checkValue(database, path, type, branch));
  if (type.type === 'array') {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, index) => checkValue(database, `${path}[${index}]`, type.element, item));
  }
  if (type.type === 'ref') {
    if (typeof value !== 'object' || value === null) return [`${path} is no mapping`];
    return check(database, path, database.get('typeDefinition', type.reference).properties, value);
  }
  if (type.type === 'boolean') return typeof value === 'boolean' ? [] : [`${path} is no boolean`];
  if (type.type === 'integer' || type.type === 'number')
    return Number.isFinite(Number(value)) ? [] : [`${path} is no number`];
  if (type.type === 'string') return typeof value === 'object' ? [`${path} is no text`] : [];
  return [];
}

function isIntrinsic(value: unknown): value is Record<string, unknown> {
  const [key, ...others] = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return key !== undefined && others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'));
}

/** What `Fn::If` chooses from; of the others only CloudFormation knows what they become. */
function branchesOf(value: Record<string, unknown>): readonly unknown[] {
  const choice = value['Fn::If'];
  return Array.isArray(choice) ? choice.slice(1) : [];
}
