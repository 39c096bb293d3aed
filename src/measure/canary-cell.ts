import type { Cell } from '../core/cell.ts';
import type { BenchError } from '../core/errors.ts';
import type { LaunchProtocol, StopProtocol } from './protocol.ts';

const PROMPT_TOKENS = 64;
const GENERATED_TOKENS = 16;

/**
 * Several short passes, the same number in each launch where time allows: a median of them scatters less than one pass
 * would, and three such launches cost a session some seconds.
 */
export const CANARY_PROTOCOL: LaunchProtocol = {
  warmupMin: 2,
  warmupMax: 5,
  warmupBudgetMs: 1000,
  repetitionsMin: 3,
  repetitionsMax: 15,
  repetitionsBudgetMs: 2000,
  decodeTokens: 15 * GENERATED_TOKENS,
  runAheadSteps: 1,
  profile: false,
};

/** `--canary` and `--no-canary` decide where one was given; else the presets with which one compares have a canary. */
export function wantsCanary(
  asked: boolean | null,
  { preset }: Pick<StopProtocol, 'preset'>,
): boolean {
  return asked ?? preset !== 'quick';
}

/**
 * The fixed small cell that watches a session: model, formats and host of the first cell that computes on the adapter
 * and can run, or else of the first that can run at all. Null where nothing can, or a single launch is all there is.
 */
export function canaryCell(
  planned: readonly { cell: Cell; blocked: BenchError | null }[],
  stop: Pick<StopProtocol, 'launchesMax'>,
  usesAdapter: (cell: Cell) => boolean,
  contextOf: (model: string) => number,
): Cell | null {
  const able = planned.filter(({ blocked }) => blocked === null).map(({ cell }) => cell);
  const chosen = able.find(usesAdapter) ?? able[0];
  if (chosen === undefined || able.length * stop.launchesMax === 1) return null;
  const context = contextOf(chosen.model);
  const generatedTokens = Math.min(GENERATED_TOKENS, Math.floor(context / 4));
  const promptTokens = Math.min(PROMPT_TOKENS, context - generatedTokens);
  return { ...chosen, workload: { promptTokens, generatedTokens, depth: 0, batch: 1 } };
}
