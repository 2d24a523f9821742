import type { Push } from './branch.ts';
import { damage, edit, isDamaged, mend } from './manifests.ts';
import type { Random } from './random.ts';
import type { Stream, World } from './world.ts';

/** One push to one branch: mostly an edit; also a revert, a force push, a deletion, a mistake. */
export async function pushSomething({ editor }: World, { branch, places }: Stream, random: Random): Promise<Push> {
  if (branch.isDeleted) return await branch.commit(edit(branch.tree, random.pick(places), editor));
  const draw = random.fraction();
  if (draw < 0.03) return await branch.remove();
  if (draw < 0.15 && branch.depth > 0) return await branch.back();
  if (draw < 0.25 && branch.depth > 0) return await branch.revert();
  if (draw < 0.32) return await branch.commit(damage(branch.tree, random.pick(places), editor));
  let tree = branch.tree;
  for (const place of places) if (random.chance(0.5)) tree = edit(tree, place, editor);
  return await branch.commit(tree);
}

/**
 * The last push to a branch, after which it can be applied: an edit, a revert, a force push or none, whatever leaves it there and whole.
 */
export async function pushLast(
  { editor }: World,
  { branch, places }: Stream,
  random: Random,
): Promise<readonly Push[]> {
  const isBroken = branch.isDeleted || places.some((place) => isDamaged(branch.tree, place));
  const tree = places.reduce(mend, branch.tree);
  if (isBroken) return [await branch.commit(tree)];
  const draw = random.fraction();
  if (draw < 0.3) return [];
  if (draw < 0.6) return [await branch.commit(edit(tree, random.pick(places), editor))];
  const there = await branch.commit(edit(tree, random.pick(places), editor));
  return [there, draw < 0.8 ? await branch.back() : await branch.revert()];
}
