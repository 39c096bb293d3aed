import { boundsOfAmount, isSame } from './amount-moments.ts';
import { thresholdsOf } from './plain-price.ts';
import type { PlainAmount, PlainStep, PlainUnit } from './plain-unit.ts';

/**
 * Where a conversation's turns vary in length and its model's rates depend on the length of a prompt, the average is
 * taken at each turn's average length: said where a threshold lies within reach.
 */
export function tierNotes({ steps }: PlainUnit): string[] {
  return steps
    .filter(hasVaryingTier)
    .map(
      ({ name }) =>
        `${name}: its model's rates depend on the length of the prompt, and turns vary; averages take each turn's ` +
        'rates at its average length, the spread between units at its own.',
    );
}

function hasVaryingTier({ tokens, levels }: PlainStep): boolean {
  if (tokens?.kind !== 'conversation') return false;
  const parts = [tokens.system, tokens.user, tokens.answer];
  if (parts.every(({ amount }) => isSame(amount))) return false;
  const [turns, system, user, answer] = [mostOf(tokens.turns), ...parts.map(mostOf)];
  const longest =
    (system ?? 0) + (turns ?? 0) * (user ?? 0) + Math.max(0, (turns ?? 0) - 1) * (answer ?? 0);
  return levels.some(({ price }) => thresholdsOf(price).some((threshold) => threshold < longest));
}

function mostOf({ amount }: PlainAmount): number {
  return boundsOfAmount(amount).high ?? Number.POSITIVE_INFINITY;
}
