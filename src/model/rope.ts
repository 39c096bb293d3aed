import type { ModelConfig, RopeScaling } from './config.ts';

/** The part of a config that rotary embeddings depend on. */
export type RopeConfig = Pick<ModelConfig, 'headDim' | 'ropeTheta' | 'ropeScaling'>;

/**
 * Llama 3.1's stretch of long wavelengths, per angular frequency (rad/token): unchanged below
 * originalContext / highFreqFactor tokens of wavelength, divided by `factor` above originalContext /
 * lowFreqFactor, a linear blend in originalContext / wavelength between. Source: "The Llama 3 Herd of
 * Models" (2024), as in transformers' `_compute_llama3_parameters`.
 */
function stretchFrequency(frequency: number, scaling: RopeScaling): number {
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
  const turns = (originalContext * frequency) / (2 * Math.PI); // in the original context
  if (turns < lowFreqFactor) return frequency / factor;
  if (turns > highFreqFactor) return frequency;
  const blend = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return (1 - blend) * (frequency / factor) + blend * frequency;
}

/** f64[headDim / 2]: θ^(−2i / headDim) rad/token (RoFormer, Su et al. 2021), scaled where the config says so. */
export function ropeFrequencies(config: RopeConfig): Float64Array {
  const { headDim, ropeTheta, ropeScaling } = config;
  return Float64Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headDim);
    return ropeScaling ? stretchFrequency(frequency, ropeScaling) : frequency;
  });
}

/** cos and sin side by side, f32[positions, headDim / 2, 2]: one load a rotation on a device. */
export function interleavedTables({ cos, sin }: RopeTables): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * cos.length);
  cos.forEach((value, i) => {
    pairs[2 * i] = value;
    pairs[2 * i + 1] = sin[i] ?? 0;
  });
  return pairs;
}

export interface RopeTables {
  /** f32[positions, headDim / 2] */
  cos: Float32Array;
  /** f32[positions, headDim / 2] */
  sin: Float32Array;
}

/**
 * Cosines and sines of positions 0 … positions−1, computed in f64 and rounded once to f32. Every engine
 * reads this one table, so that no difference between engines comes from trigonometry in low precision.
 * Element i of a head turns with element i + headDim / 2 ("rotate half").
 */
export function ropeTables(config: RopeConfig, positions: number): RopeTables {
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    frequencies.forEach((frequency, i) => {
      cos[position * half + i] = Math.cos(position * frequency);
      sin[position * half + i] = Math.sin(position * frequency);
    });
  }
  return { cos, sin };
}
