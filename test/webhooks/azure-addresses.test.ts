import { expect, it } from 'vitest';
import { sameRepository } from '../../lib/domain/jobs/repository-url.ts';
import { azureAddresses } from '../../lib/webhooks/azure-addresses.ts';

const addresses = [
  'https://dev.azure.com/acme/shop/_git/deploy',
  'https://acme@dev.azure.com/acme/shop/_git/deploy',
  'https://dev.azure.com/acme/DefaultCollection/shop/_git/deploy',
  'https://acme.visualstudio.com/shop/_git/deploy',
  'https://acme.visualstudio.com/DefaultCollection/shop/_git/deploy',
  'git@ssh.dev.azure.com:v3/acme/shop/deploy',
  'acme@vs-ssh.visualstudio.com:v3/acme/shop/deploy',
];

it.each(addresses.filter((address) => address.startsWith('https')))('%s has all the others', (remoteUrl) => {
  const found = azureAddresses(remoteUrl);
  for (const address of addresses) expect(found.some((other) => sameRepository(other, address))).toBe(true);
  for (const other of ['https://dev.azure.com/acme/_git/deploy', 'https://dev.azure.com/acme/shop/_git/shop']) {
    expect(found.some((address) => sameRepository(address, other))).toBe(false);
  }
});

it.each([
  'https://dev.azure.com/acme/shop/_git/shop',
  'https://dev.azure.com/acme/_git/shop',
  'https://acme.visualstudio.com/DefaultCollection/_git/shop',
])('%s is the repository of its project, which may be left out', (remoteUrl) => {
  for (const address of [
    'https://dev.azure.com/acme/_git/shop',
    'https://acme.visualstudio.com/shop/_git/shop',
    'git@ssh.dev.azure.com:v3/acme/shop/shop',
  ]) {
    expect(azureAddresses(remoteUrl).some((other) => sameRepository(other, address))).toBe(true);
  }
});

it.each(['https://azure.acme.io/tfs/Default/shop/_git/deploy', 'https://dev.azure.com/acme', 'no address', ''])(
  '%j stands for itself alone',
  (remoteUrl) => {
    expect(azureAddresses(remoteUrl)).toEqual([remoteUrl]);
  },
);
