import { isKnown } from '../quantity.ts';
import { boundsOfAmount, isSame } from './amount-moments.ts';
import type { ModelPrice } from './model-price.ts';
import { thresholdsOf } from './plain-price.ts';
import type { PlainAmount, PlainStep, PlainUnit } from './plain-unit.ts';
import type { ModelUse } from './unit-cost-types.ts';

/** Prompts this many times as long as those measured are said: attention makes long ones slower per token. */
const LONGER = 2;

/** Models whose calls have far longer prompts than their rates were measured with. */
export function lengthNotes(
  models: readonly ModelUse[],
  prices: Readonly<Record<string, ModelPrice>>,
): string[] {
  return models.flatMap(({ model, attempts, inputTokens }) => {
    const price = prices[model];
    if (price?.kind !== 'deployment' || price.measuredPromptTokens === null) return [];
    if (!isKnown(attempts) || !isKnown(inputTokens)) return [];
    const prompt = inputTokens.value / attempts.value;
    return prompt <= LONGER * price.measuredPromptTokens
      ? []
      : [
          `${model}: its rates were measured with prompts of ${price.measuredPromptTokens} tokens, its calls have ` +
            `${Math.round(prompt)} on average. Longer contexts take longer per token: measure at that length.`,
        ];
  });
}

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
