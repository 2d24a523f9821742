import { expect, it } from 'vitest';
import { functionVariables, readEnvironment, readFunctionEnvironment } from '../lib/config.ts';

it('the environment counts an empty variable as absent', () => {
  const variables = { SLUICE_URL: '', SLUICE_TOKEN: 't', NO_COLOR: '', CI: 'false', KUBECONFIG: '/k', COLUMNS: '60' };
  expect(readEnvironment(variables)).toEqual({
    token: 't',
    noColor: false,
    ci: false,
    columns: 60,
    kubeconfig: '/k',
    path: '/usr/local/bin:/usr/bin:/bin',
    variables,
  });
  expect(readEnvironment({ NO_COLOR: '1', CI: 'true' })).toMatchObject({ noColor: true, ci: true });
});

it('the environment of a function is read whole, or every variable that is missing is named', () => {
  const variables = Object.fromEntries(functionVariables.map((name) => [name, `the ${name}`]));
  const given = { ...variables, SLUICE_SYNC_CONCURRENCY: '20', AWS_REGION: 'eu-central-1' };
  expect(readFunctionEnvironment(given)).toEqual({
    stage: 'the SLUICE_STAGE',
    config: 'the SLUICE_CONFIG',
    installation: 'the SLUICE_INSTALLATION',
    table: 'the SLUICE_TABLE',
    queues: {
      sync: 'the SLUICE_QUEUE_SYNC',
      release: 'the SLUICE_QUEUE_RELEASE',
      check: 'the SLUICE_QUEUE_CHECK',
    },
    syncConcurrency: 20,
    region: 'eu-central-1',
  });
  expect(() => readFunctionEnvironment({ ...given, SLUICE_TABLE: '', AWS_REGION: undefined })).toThrow(
    'Cannot start the function: SLUICE_TABLE, AWS_REGION is not set',
  );
});
