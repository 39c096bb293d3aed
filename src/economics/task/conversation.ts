import { type BilledTokens, promptTokens } from '../prices/api-call.ts';
import type { PrefixCache } from './unit-file.ts';

/** Averages of a conversation: `system` once at its head, then `user` and `answer` in each turn. */
export interface ConversationShape {
  system: number;
  user: number;
  answer: number;
  prefixCache: PrefixCache;
}

/**
 * Tokens of a conversation of n turns, each of which sends all that was said before:
 * input n·S + u·n(n+1)/2 + a·n(n−1)/2, output n·a. A prefix cache holds what the turn before sent (`inputs`), or its
 * answer too (`inputs-and-answers`), so that only what is new since then is computed.
 * @param turns a whole number
 */
export function conversationTokens(turns: number, shape: ConversationShape): BilledTokens {
  if (turns === 0) return { freshInput: 0, cacheWrite: 0, cacheRead: 0, output: 0 };
  const { system, user, answer, prefixCache } = shape;
  const input = inputOf(turns, shape);
  const output = turns * answer;
  if (prefixCache === 'none') return { freshInput: input, cacheWrite: 0, cacheRead: 0, output };
  const answersKept = prefixCache === 'inputs-and-answers';
  const anew = system + turns * user + (answersKept ? 0 : (turns - 1) * answer);
  return { freshInput: 0, cacheWrite: anew, cacheRead: input - anew, output };
}

function inputOf(turns: number, { system, user, answer }: ConversationShape): number {
  return turns * system + (user * turns * (turns + 1)) / 2 + (answer * turns * (turns - 1)) / 2;
}

/** Tokens of one turn, the first being 1. */
export function turnTokens(turn: number, shape: ConversationShape): BilledTokens {
  const { system, user, answer, prefixCache } = shape;
  const input = system + user * turn + answer * (turn - 1);
  if (prefixCache === 'none')
    return { freshInput: input, cacheWrite: 0, cacheRead: 0, output: answer };
  const before = turn === 1 ? 0 : input - user - answer;
  const read = before + (prefixCache === 'inputs-and-answers' && turn > 1 ? answer : 0);
  return { freshInput: 0, cacheWrite: input - read, cacheRead: read, output: answer };
}

/** The same call at a model that was not asked before: no cache of its own holds any of it. */
export function uncached(tokens: BilledTokens): BilledTokens {
  return { freshInput: promptTokens(tokens), cacheWrite: 0, cacheRead: 0, output: tokens.output };
}
