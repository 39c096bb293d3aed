import type { TornadoBar } from '../propagate.ts';
import type { Quantity } from '../quantity.ts';
import type { Residual } from './residual.ts';
import type { StepKind } from './unit-file.ts';

/**
 * What one unit costs on average. Intervals are doubt about that average, from uncertain inputs; how far single units
 * lie from it is `spread`.
 */
export interface UnitCost {
  /** All calls made once and nothing failing: no retry, no escalation. */
  readonly usdPerAttempt: Quantity;
  /** With retries and escalations, resolved or not. */
  readonly usdPerUnit: Quantity;
  /** Share of the units that are resolved: all calls came back in the end, and `successRate` of those. */
  readonly resolvedShare: Quantity;
  /** What all units cost over those that are resolved. */
  readonly usdPerResolved: Quantity;
  /** Sum of the steps whose cost is known: at least this much where `usdPerUnit` is unknown, the same where not. */
  readonly knownUsdPerUnit: Quantity;
  /** Of a unit and of a resolved one over the posted price of a call; null without one. */
  readonly multipliers: { readonly unit: Quantity; readonly resolved: Quantity } | null;
  readonly steps: readonly StepCost[];
  readonly models: readonly ModelUse[];
  /** Null without a claim. */
  readonly residual: Residual | null;
  readonly spread: Spread;
  /** What moves the figure `tornadoOf`, most first: inputs by their key in the file. */
  readonly tornado: readonly TornadoBar<string>[];
  /** The cost of a resolved unit, or the known part of a unit where that is unknown. */
  readonly tornadoOf: 'usdPerResolved' | 'knownUsdPerUnit';
  /** What a reader must know about how this was computed. */
  readonly notes: readonly string[];
}

/** A step's part of an average unit. */
export interface StepCost {
  readonly name: string;
  readonly kind: StepKind;
  readonly usd: Quantity;
  /** Of the known part of the unit's cost; unknown for a step whose cost is. */
  readonly share: Quantity;
  /** Made in an average unit, turns of conversations one by one, retries and escalations not counted. */
  readonly calls: Quantity;
  /** Attempts at them, those of models that took over included. */
  readonly attempts: Quantity;
  /** Probability that one call comes back in the end. */
  readonly callSuccess: Quantity;
}

/** What an average unit asks of a model, failed attempts included. */
export interface ModelUse {
  readonly model: string;
  readonly attempts: Quantity;
  /** Cached ones included. */
  readonly inputTokens: Quantity;
  /** Read from a prefix cache. */
  readonly cachedTokens: Quantity;
  readonly outputTokens: Quantity;
  readonly usd: Quantity;
}

/** How single units differ, with every uncertain input at its value. */
export interface Spread {
  /** Simulated units. */
  readonly units: number;
  readonly meanUsd: number;
  readonly p5Usd: number;
  readonly p50Usd: number;
  readonly p95Usd: number;
  /** Share of the units of which all calls came back, times the success rate. */
  readonly resolvedShare: number;
  /** Whether steps of unknown cost are left out. */
  readonly isOfKnownPart: boolean;
}
