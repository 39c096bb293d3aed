import { z } from 'zod';

const count = z.number().int().nonnegative();
const milliseconds = z.number().nonnegative();

/** What one kernel does for one purpose in a step: all its dispatches together. */
export const profiledKernelSchema = z.object({
  /** `qkv`, `o`, `gate/up`, `down`, `head`, … */
  role: z.string().max(100),
  kernel: z.string().max(100),
  dispatches: count,
  /** Of all of them; back to back, without what else a step does. */
  ms: milliseconds,
  /** Of the time of all kernels. */
  share: z.number().min(0).max(1),
  /** What they must read and write at least; null where that is not known. */
  bytes: count.nullable(),
  gbPerSecond: milliseconds.nullable(),
});
export type ProfiledKernel = z.infer<typeof profiledKernelSchema>;

/** A step taken apart. */
export const phaseProfileSchema = z.object({
  /** New tokens of all sequences, behind `position` cached ones of each. */
  rows: count,
  position: count,
  /** Whose clock timed the kernels: the device's, or the host's around many runs of them. */
  clock: z.enum(['gpu', 'wall']),
  /** In the order in which a step first uses them. */
  kernels: z.array(profiledKernelSchema).max(200),
  /** The whole step on the device, dispatches in their order. */
  deviceMs: milliseconds,
  dispatches: count,
  submits: count,
  /** Host: recording the step's commands, in all and per dispatch. */
  encodeUs: milliseconds,
  encodeUsPerDispatch: milliseconds,
  /** Host: from the submit to the step's token, less the device's time. */
  syncMs: milliseconds,
  /** Host: from the first command to the step's token. */
  stepMs: milliseconds,
});
export type PhaseProfile = z.infer<typeof phaseProfileSchema>;

/** Where the time of a decode step and of a prefill goes. */
export const profileSchema = z.object({
  dispatchesPerLayer: milliseconds,
  decode: phaseProfileSchema,
  prefill: phaseProfileSchema,
});
export type Profile = z.infer<typeof profileSchema>;
