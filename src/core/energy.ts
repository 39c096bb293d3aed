import { z } from 'zod';

const amount = z.number().nonnegative();

/** Energy of one phase, added up over its windows in all launches. */
const phaseEnergySchema = z.object({
  joules: amount,
  /** Together, and how many there were. */
  windowMs: z.number().positive(),
  windows: z.number().int().positive(),
  /** Power samples within the windows. */
  samples: z.number().int().nonnegative(),
  /** Of all sequences. */
  tokens: z.number().int().positive(),
  joulesPerToken: amount,
  meanW: amount,
});
export type PhaseEnergy = z.infer<typeof phaseEnergySchema>;

/** Energy by phase, idle power included in it and also given apart. */
export const energySchema = z.object({
  /** `nvidia-smi`: the GPU's board; `rapl`: the processors' packages. */
  source: z.enum(['nvidia-smi', 'rapl']),
  /** Median before the launches; null where it was not seen. */
  idleW: amount.nullable(),
  idleSamples: z.number().int().nonnegative(),
  launches: z.number().int().positive(),
  /** Null where the windows hold too few samples. */
  prefill: phaseEnergySchema.nullable(),
  decode: phaseEnergySchema.nullable(),
});
export type Energy = z.infer<typeof energySchema>;
