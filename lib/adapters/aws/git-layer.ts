import type { GitOptions } from '../git/workshop.ts';

/** What git needs where the layer of infra/layers is mounted at `/opt`: options of `createGit`. The test runs git with exactly these. */
export const gitLayer: Required<Pick<GitOptions, 'path' | 'environment'>> = {
  // The shell that starts ssh and answers git's questions is the machine's.
  path: '/opt/git/bin:/usr/bin:/bin',
  environment: {
    GIT_EXEC_PATH: '/opt/git/libexec',
    GIT_SSL_CAINFO: '/opt/git/ssl/ca-bundle.crt',
    // There are no templates, and git would look for them where Debian has them.
    GIT_TEMPLATE_DIR: '',
  },
};
