import type { PhaseEnergy } from '../../core/energy.ts';
import type { BenchRecord } from '../../core/record.ts';
import { exact, type Quantity, unknown } from '../quantity.ts';

/** Joules of a token in each phase, as a record's meter saw them, idle power included. */
export interface RecordEnergy {
  prefillJoulesPerToken: Quantity;
  decodeJoulesPerToken: Quantity;
  /** Watts before the launches; unknown where they were not seen. */
  idleWatts: Quantity;
  /** What the meter meters; null without energy. */
  meter: string | null;
}

const METERS = {
  'nvidia-smi': "the GPU's board (nvidia-smi), without the rest of the machine",
  rapl: "the processors' packages (RAPL), without memory and the rest of the machine",
} as const;

/** Energy of a record. What it did not measure is unknown, and says why. */
export function recordEnergy({ id, energy }: BenchRecord): RecordEnergy {
  if (energy === null) {
    const none = unknown(`record ${id} has no energy`);
    return {
      prefillJoulesPerToken: none,
      decodeJoulesPerToken: none,
      idleWatts: none,
      meter: null,
    };
  }
  const joules = (phase: PhaseEnergy | null, name: string): Quantity =>
    phase === null
      ? unknown(`record ${id} has too few power samples in ${name}`)
      : exact(phase.joulesPerToken);
  return {
    prefillJoulesPerToken: joules(energy.prefill, 'prefill'),
    decodeJoulesPerToken: joules(energy.decode, 'decode'),
    idleWatts:
      energy.idleW === null ? unknown(`record ${id} saw no idle power`) : exact(energy.idleW),
    meter: METERS[energy.source],
  };
}
