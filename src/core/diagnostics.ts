import { z } from 'zod';

const count = z.number().int().nonnegative();

/** A monotone change: its size over the whole series as a share of the median, and the two-sided p-value. */
const driftSchema = z.object({ share: z.number(), pValue: z.number().min(0).max(1) });

/** How the repetitions of one phase scattered. Null: too few to tell. Shares are of the median. */
export const phaseDiagnosticsSchema = z.object({
  /** Repetitions over all launches. */
  samples: count,
  /** Standard deviation over mean: of the launches' medians, and of repetitions over their launch's median. */
  launchCv: z.number().nonnegative().nullable(),
  repetitionCv: z.number().nonnegative().nullable(),
  /** Median absolute deviation of repetitions over their launch's median. */
  madShare: z.number().nonnegative().nullable(),
  /** Correlation of a repetition with the one before it. */
  lag1: z.number().nullable(),
  /** From the first repetition of a launch to its last (Theil–Sen, Mann–Kendall). */
  driftInLaunches: driftSchema.nullable(),
  /** From the first launch to the last. */
  driftOverLaunches: driftSchema.nullable(),
  /** Dip test of repetitions over the fast end of their launch, and the two groups they fall into best. */
  bimodality: z
    .object({
      pValue: z.number().min(0).max(1),
      separation: z.number().nonnegative(),
      minorShare: z.number().min(0).max(1),
    })
    .nullable(),
  /** The same two groups of launches: the gap between them over the wider group's range. */
  launchGroups: z
    .object({ gap: z.number().nonnegative().nullable(), separation: z.number().nonnegative() })
    .nullable(),
  /** Tukey's classes of repetitions over their launch's median. None is ever dropped. */
  outliers: z.object({ mild: count, severe: count }).nullable(),
});
export type PhaseDiagnostics = z.infer<typeof phaseDiagnosticsSchema>;

/** Null where a phase was not measured. */
export const diagnosticsSchema = z.object({
  prefill: phaseDiagnosticsSchema.nullable(),
  decode: phaseDiagnosticsSchema.nullable(),
});
export type Diagnostics = z.infer<typeof diagnosticsSchema>;
