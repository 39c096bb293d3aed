import { z } from 'zod';

export const PRESET_NAMES = ['quick', 'standard', 'publish'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

const count = z.number().int().nonnegative();
const share = z.number().nonnegative();

/**
 * What ends a cell: its intervals are narrow enough, more launches would not narrow them by much, one of the
 * caps, an error, or a signal.
 */
export const STOP_RULES = [
  'half-width',
  'noise-settled',
  'launch-cap',
  'time-cap',
  'error',
  'interrupted',
] as const;
export type StopRule = (typeof STOP_RULES)[number];

/** The rule that was fixed before the run, and what came of it. */
export const protocolRecordSchema = z.object({
  preset: z.enum(PRESET_NAMES),
  /** Options that changed the preset, as typed: `--launches`, … */
  overrides: z.array(z.string().max(100)).max(100),
  launchesMin: count.min(1),
  launchesMax: count.min(1),
  /** Half of a 95 % interval over its median, for prefill and decode each. */
  halfWidthTarget: share,
  /** No launch begins that would likely end after this much time in the cell's launches. */
  cellBudgetMs: z.number().positive(),
  stop: z.object({
    rule: z.enum(STOP_RULES),
    /** Time that the cell's launches took. */
    spentMs: z.number().nonnegative(),
    /** Null where a phase was not measured or has no interval. */
    halfWidth: z.object({ prefill: share.nullable(), decode: share.nullable() }),
    targetMet: z.boolean(),
  }),
});
export type ProtocolRecord = z.infer<typeof protocolRecordSchema>;

/** Pauses of the garbage collector in a launch's process. */
export const gcPausesSchema = z.object({
  count,
  totalMs: z.number().nonnegative(),
  longestMs: z.number().nonnegative(),
  /** Of `totalMs`, within the timed repetitions. */
  timedMs: z.number().nonnegative(),
});
export type GcPauses = z.infer<typeof gcPausesSchema>;
