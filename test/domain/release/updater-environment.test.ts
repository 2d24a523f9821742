import { expect, it } from 'vitest';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { imageVariables, policyVariables } from '../../../lib/domain/release/updater-environment.ts';
import { parseWorkloadId } from '../../../lib/domain/release/workload-id.ts';

const workload = parseWorkloadId('shop:Deployment/web');
const common = {
  FLUX_WORKLOAD: 'shop:deployment/web',
  FLUX_WL_NS: 'shop',
  FLUX_WL_KIND: 'deployment',
  FLUX_WL_NAME: 'web',
};

it('an image updater gets the image without its tag, and the tag', () => {
  expect(imageVariables(workload, 'app', parseImageRef('quay.io/acme/app:1.2'))).toEqual({
    ...common,
    FLUX_CONTAINER: 'app',
    FLUX_IMG: 'quay.io/acme/app',
    FLUX_TAG: '1.2',
  });
});

it('an image without a tag has an empty one', () => {
  expect(imageVariables(workload, 'app', parseImageRef('acme/app'))).toMatchObject({ FLUX_TAG: '' });
});

it('a policy without a value is to be removed: the variable is not set', () => {
  expect(policyVariables(workload, 'automated', 'true')).toEqual({
    ...common,
    FLUX_POLICY: 'automated',
    FLUX_POLICY_VALUE: 'true',
  });
  expect(policyVariables(workload, 'automated', undefined)).toEqual({ ...common, FLUX_POLICY: 'automated' });
});
