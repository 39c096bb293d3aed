import { z } from 'zod';
import { BACKEND_NAMES, type Cell } from '../core/cell.ts';
import { profileSchema } from '../core/profile.ts';
import { deviceSchema, launchSchema } from '../core/record.ts';
import type { LaunchProtocol } from './protocol.ts';

/** Everything a fresh process or page needs to measure one launch. Plain data: it crosses that border. */
export interface LaunchJob {
  cell: Cell;
  /** 0-based; picks the launch's random stream. */
  launch: number;
  seed: number;
  protocol: LaunchProtocol;
}

const scalar = z.union([z.string().max(10_000), z.number(), z.boolean()]);

/** What comes back across that border; checked there, since a page or another process wrote it. */
export const launchResultSchema = z.object({
  launch: launchSchema,
  modelSha256: z.string().max(200),
  backend: z.enum(BACKEND_NAMES),
  /** The formats that ran. */
  variant: z.object({
    weights: z.enum(['f32', 'f16', 'int8', 'int4']),
    kv: z.enum(['f32', 'f16', 'int8']),
    activations: z.enum(['f32', 'f16', 'int8']),
  }),
  device: deviceSchema,
  settings: z.record(z.string(), scalar),
  /** Versions of engines, runtime and system. */
  provenance: z.record(z.string(), z.union([scalar, z.null()])),
  warmupConverged: z.boolean(),
  /** Steps that the session ran ahead of the host where `runAheadMs` was taken; 1: it cannot, or was told not to. */
  runAheadSteps: z.number().int().min(1),
  /** Null unless asked for, and where the engine has none. */
  profile: profileSchema.nullable(),
  /** Smallest step of the clock that timed this launch. */
  clockQuantumMs: z.number().nonnegative(),
});
export type LaunchResult = z.infer<typeof launchResultSchema>;
