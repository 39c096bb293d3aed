import { z } from 'zod';
import { BenchError } from '../core/errors.ts';
import type { RopeScaling } from './config.ts';

const DEFAULT_THETA = 10_000;

const positive = z.number().positive().max(1e15);

const parametersSchema = z.object({
  type: z.string().nullish(),
  rope_type: z.string().nullish(),
  rope_theta: positive.nullish(),
  partial_rotary_factor: z.number().nullish(),
  factor: positive.nullish(),
  low_freq_factor: positive.nullish(),
  high_freq_factor: positive.nullish(),
  original_max_position_embeddings: z.number().int().positive().nullish(),
});

type RopeParameters = z.infer<typeof parametersSchema>;

/** Fields of config.json that describe the rotary embedding, in the older and the newer (`rope_parameters`) spelling. */
export const ropeFields = {
  rope_theta: positive.nullish(),
  rope_scaling: parametersSchema.nullish(),
  rope_parameters: parametersSchema.nullish(),
  partial_rotary_factor: z.number().nullish(),
};

interface RopeFields {
  rope_theta?: number | null | undefined;
  rope_scaling?: RopeParameters | null | undefined;
  rope_parameters?: RopeParameters | null | undefined;
  partial_rotary_factor?: number | null | undefined;
}

function fail(where: string, message: string): never {
  throw new BenchError('model', `${where}: ${message}`);
}

function parseScaling(parameters: RopeParameters, where: string): RopeScaling | null {
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  if (type === 'default') return null;
  if (type !== 'llama3') {
    fail(where, `rotary scaling of type ${type} is not supported (supported: default, llama3)`);
  }
  const { factor, low_freq_factor, high_freq_factor, original_max_position_embeddings } =
    parameters;
  if (!factor || !low_freq_factor || !high_freq_factor || !original_max_position_embeddings) {
    fail(
      where,
      'rotary scaling of type llama3 needs factor, low_freq_factor, high_freq_factor and original_max_position_embeddings',
    );
  }
  if (high_freq_factor <= low_freq_factor) {
    fail(
      where,
      `high_freq_factor ${high_freq_factor} must exceed low_freq_factor ${low_freq_factor}`,
    );
  }
  return {
    type: 'llama3',
    factor,
    lowFreqFactor: low_freq_factor,
    highFreqFactor: high_freq_factor,
    originalContext: original_max_position_embeddings,
  };
}

/** Base frequency and scaling of the rotary embedding. Throws `model` for kinds that are not supported. */
export function parseRope(
  fields: RopeFields,
  where: string,
): { ropeTheta: number; ropeScaling: RopeScaling | null } {
  const parameters = fields.rope_parameters ?? fields.rope_scaling ?? {};
  const partial = fields.partial_rotary_factor ?? parameters.partial_rotary_factor ?? 1;
  if (partial !== 1) fail(where, `partial_rotary_factor ${partial} is not supported`);
  return {
    ropeTheta: parameters.rope_theta ?? fields.rope_theta ?? DEFAULT_THETA,
    ropeScaling: parseScaling(parameters, where),
  };
}
