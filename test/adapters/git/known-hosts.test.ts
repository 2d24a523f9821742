import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { knownHosts } from '../../../lib/adapters/git/known-hosts.ts';

// As the forges publish them; the sources are named in known-hosts.ts.
const published: Readonly<Record<string, readonly string[]>> = {
  'github.com': [
    '+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
    'p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM',
    'uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s',
  ],
  'gitlab.com': [
    'eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8',
    'HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw',
    'ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ',
  ],
  'bitbucket.org': [
    'ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM',
    'FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0',
    '46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E',
  ],
  'ssh.dev.azure.com': ['ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og'],
  'vs-ssh.visualstudio.com': ['ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og'],
};

it.each(Object.entries(published))('the keys built in for %s have the published fingerprints', (host, fingerprints) => {
  const keys = knownHosts
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([hosts]) => hosts?.split(',').includes(host))
    .map(([, , key = '']) =>
      createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, ''),
    );
  expect(keys).toEqual(fingerprints);
});
