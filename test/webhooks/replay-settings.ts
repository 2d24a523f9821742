import type { HttpReplay } from './replays.ts';

/** The settings with which every recorded delivery concerns somebody. */

/** An id that nobody guesses. */
export const unguessable = 'q7ZkP2mXw94LtBvR81sNcYhd';

/** The branches that the recordings push to, by other addresses than theirs. */
const branches = [
  ['git@ssh.dev.azure.com:v3/alexander0053/alex-test/alex-test', 'master'],
  ['https://fabrikam-fiber-inc.visualstudio.com/_git/Fabrikam-Fiber-Git', 'master'],
  ['ssh://git@bitbucket.org/mbridgen/dummy', 'master'],
  ['ssh://git@bitbucket.org/brydzewski/foo', 'master'],
  ['ssh://git@bitbucket.org/brydzewski/foo', 'develop'],
  ['ssh://git@BitbucketServer/MYPROJECT/test-repo', 'master'],
  ['ssh://git@bitbucket.acme.io:7999/scm/prj/my-repo.git', 'master'],
  ['https://try.gitea.io/gogits/hello-world', 'master'],
  ['https://try.gitea.io/gogits/hello-world', 'feature'],
  ['https://gogs-server/john/repo-test', 'master'],
  ['git@github.com:codertocat/hello-world', 'master'],
  ['ssh://git@github.com/bradrydzewski/drone-test-go.git', 'feature-branch'],
  ['https://github.com/JesseSuen/test-repo', 'master'],
  ['ssh://git@gitlab.com:2222/gitlab-org/hello-world', 'feature'],
  ['ssh://git@gitlab.com:2222/gitlab-org/hello-world', 'master'],
  ['git@example.com:mike/diaspora', 'master'],
  ['https://git-codecommit.us-east-2.amazonaws.com/v1/repos/MyDemoRepo', 'myBranch'],
] as const;

/** A target for each of them. Nothing is cloned: they are asleep. */
export function replayedTargets(kubeconfig: object) {
  return branches.map(([url, branch], index) => ({
    name: `target-${index}`,
    source: { url, branch },
    cluster: { kubeconfig },
    suspend: true,
  }));
}

/** The id of the webhook of each, by its name: one that nobody guesses where nothing else proves who sent it. */
export function replayedIds(replays: readonly HttpReplay[]): ReadonlyMap<string, string> {
  return new Map(replays.map(({ name, wrong }, index) => [name, wrong ? `hook${name}` : `${unguessable}-${index}`]));
}
