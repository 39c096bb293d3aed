import { z } from 'zod';
import { cellSchema, flagSchema, launchSchema } from './record.ts';

/** Raised when a field changes meaning; readers refuse a newer one. */
export const SESSION_RECORD_VERSION = 1;

/** When the canary runs, in this order. */
export const CANARY_MOMENTS = ['start', 'middle', 'end'] as const;
export type CanaryMoment = (typeof CANARY_MOMENTS)[number];
export const CANARY_PHASES = ['prefill', 'decode'] as const;
export type CanaryPhase = (typeof CANARY_PHASES)[number];

const count = z.number().int().nonnegative();

/** One fresh process of the canary: its samples, or why there are none. */
export const canaryLaunchSchema = z.object({
  moment: z.enum(CANARY_MOMENTS),
  /** When it began, in ms after the session did. */
  atMs: z.number().nonnegative(),
  launch: launchSchema.nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .nullable(),
});
export type CanaryLaunch = z.infer<typeof canaryLaunchSchema>;

/** A later launch of the canary against the first. */
export const canaryChangeSchema = z.object({
  phase: z.enum(CANARY_PHASES),
  from: z.enum(CANARY_MOMENTS),
  to: z.enum(CANARY_MOMENTS),
  /** Median time of the later launch over that of the first: above 1 it was slower. */
  timeRatio: z.number().positive(),
  /** A ratio above 1 + limit or below 1 / (1 + limit) is a change. */
  limit: z.number().nonnegative(),
});
export type CanaryChange = z.infer<typeof canaryChangeSchema>;

export const canarySchema = z.object({
  cell: cellSchema,
  launches: z.array(canaryLaunchSchema).max(CANARY_MOMENTS.length),
  /** ln(time of a launch / time of the one before it) of each cell on the canary's engine: what launches scatter by. */
  launchLogRatios: z.object({
    prefill: z.array(z.number()).max(100_000),
    decode: z.array(z.number()).max(100_000),
  }),
  changes: z.array(canaryChangeSchema).max(4),
});
export type Canary = z.infer<typeof canarySchema>;

/** Launches of a session that a GPU's driver told clocks of, and those with clocks held down. */
export const sessionClocksSchema = z.object({ launches: count, lowered: count });
export type SessionClocks = z.infer<typeof sessionClocksSchema>;

/** What held for all cells of one command; one line of `sessions.jsonl`, written when the session is over. */
export const sessionRecordSchema = z.object({
  schema: z.literal(SESSION_RECORD_VERSION),
  kind: z.literal('session'),
  id: z.string().min(1),
  /** That of the records it is about. */
  run: z.string().min(1),
  createdAt: z.string(),
  /** Ended by a signal. */
  cancelled: z.boolean(),
  canary: canarySchema.nullable(),
  clocks: sessionClocksSchema,
  /** They hold for every record of the run; `session-invalid` withholds verdicts. */
  flags: z.array(flagSchema),
});
export type SessionRecord = z.infer<typeof sessionRecordSchema>;
