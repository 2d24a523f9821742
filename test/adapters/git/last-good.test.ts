import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type JudgedCommit, lastGood } from '../../../lib/adapters/git/last-good.ts';

/** `b<a` is a good commit b on a; `!b<a,c` a bad one, a merge of c into a. */
function history(text: string): JudgedCommit[] {
  return text.split(' ').map((word) => {
    const [name = '', parents = ''] = word.replace('!', '').split('<');
    return {
      id: name,
      parents: parents.split(',').filter((parent) => parent !== ''),
      fault: word.startsWith('!') ? 'it has no signature' : undefined,
    };
  });
}

it.each([
  ['all good', 'c', 'a', 'b<a c<b', false, 'c', undefined],
  ['the head is bad', 'c', 'a', 'b<a !c<b', false, 'b', 'c'],
  ['a bad one below a good head', 'd', 'a', 'b<a !c<b d<c', false, 'b', 'c'],
  ['the first one is bad', 'b', 'a', '!b<a', false, 'a', 'b'],
  ['nothing new', 'a', 'a', '', false, 'a', undefined],
  ['the first time, all good', 'b', undefined, 'a b<a', false, 'b', undefined],
  ['the first time, a bad one', 'c', undefined, 'a !b<a c<b', false, 'a', 'b'],
  ['the first time, the root is bad', 'b', undefined, '!a b<a', false, undefined, 'a'],
  ['a side branch is bad', 'm', 'a', 'b<a !s<a m<b,s', false, 'b', 's'],
  ['a side branch is good, the line bad: not the side branch', 'm', 'a', 's<a !b<a m<b,s', false, 'a', 'b'],
  ['a bad side branch, only the line counts', 'm', 'a', 'b<a m<b,s', true, 'm', undefined],
  ['the old line came in as a second parent', 'n', 'a', 'f g<f m<g,a !n<m', false, 'm', 'n'],
  ['the old line came in as a second parent of a bad merge', 'm', 'a', 'f g<f !m<g,a', false, 'a', 'm'],
  ['the old line came in as a second parent, only the line counts', 'm', 'a', 'f g<f !m<g,a', true, 'a', 'm'],
])('%s', (_case, head, from, text, firstParent, commit, refused) => {
  const trusted = lastGood(head, from, text === '' ? [] : history(text), firstParent);
  expect(trusted.commit).toBe(commit);
  expect(trusted.refused?.commit).toBe(refused);
});

it('nothing bad is ever part of what is trusted, and a bad commit is always named', () => {
  const graph = fc.array(
    fc.record({ bad: fc.boolean(), first: fc.nat(), second: fc.option(fc.nat(), { nil: undefined }) }),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(graph, (nodes) => {
      const commits: JudgedCommit[] = nodes.map((node, index) => ({
        id: `c${index}`,
        parents: [node.first, node.second].flatMap((at) => (at === undefined ? [] : [`c${(at % (index + 1)) - 1}`])),
        fault: node.bad ? 'it has no signature' : undefined,
      }));
      // c-1 is what was trusted before; only what the head has counts as history.
      const head = `c${commits.length - 1}`;
      const reached = ancestors(head, commits);
      const seen = commits.filter((commit) => reached.has(commit.id));
      const trusted = lastGood(head, 'c-1', seen, false);
      const inside = ancestors(trusted.commit ?? '', commits);
      expect(seen.filter((commit) => inside.has(commit.id) && commit.fault !== undefined)).toEqual([]);
      expect(trusted.refused !== undefined).toBe(seen.some((commit) => commit.fault !== undefined));
      expect(inside.has('c-1')).toBe(true);
    }),
  );
});

function ancestors(from: string, commits: readonly JudgedCommit[]): Set<string> {
  const found = new Set<string>();
  const ahead = [from];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    ahead.push(...(commits.find((commit) => commit.id === id)?.parents ?? []));
  }
  return found;
}
