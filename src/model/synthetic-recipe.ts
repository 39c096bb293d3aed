import type { LayerPart, ModelConfig } from './config.ts';
import type { TensorShape } from './tensors.ts';

/** Normal distribution that a made-up tensor is drawn from. */
export interface TensorRecipe {
  mean: number;
  std: number;
}

/** Standard deviation of the logits over the vocabulary. */
const LOGIT_STD = 2.5;
/** Standard deviation of attention scores before the softmax. */
const SCORE_STD = 1.5;
/** Standard deviation that all branches of all layers together add to the residual stream. */
const STREAM_STD = 2.5;
/** What attention and SwiGLU leave of inputs of unit variance, made up for in `o` and `down`. */
const ATTENTION_STD = 0.5;
const SWIGLU_STD = 0.6;

/**
 * How to draw a tensor so that a model nobody trained still computes like one.
 *
 * Inputs of every matrix have unit variance (they come from a norm, or are scaled to it), so weights of
 * std 1/√(fan-in) keep it. `o` and `down` carry the residual scale 1/√(2·layers) of GPT-2, so the stream's
 * variance grows evenly to STREAM_STD². q and k share the factor that gives scores of SCORE_STD.
 * Where the head is tied, embeddings have length LOGIT_STD: the token just read then raises its own logit
 * by LOGIT_STD²/STREAM_STD, one standard deviation, so the model does not echo its input.
 */
export function tensorRecipe(config: ModelConfig, shape: TensorShape): TensorRecipe {
  const part = shape.name.slice(shape.name.lastIndexOf('.') + 1) as
    | LayerPart
    | 'embed'
    | 'finalNorm';
  const unit = 1 / Math.sqrt(shape.cols);
  const branch = STREAM_STD / Math.sqrt(2 * config.layers);
  const sharpness = Math.sqrt(SCORE_STD);
  switch (part) {
    case 'q':
    case 'k':
      return { mean: 0, std: config.qkNorm ? unit : sharpness * unit };
    case 'qNorm':
    case 'kNorm':
      return { mean: sharpness, std: 0.1 };
    case 'o':
      return { mean: 0, std: (branch / ATTENTION_STD) * unit };
    case 'down':
      return { mean: 0, std: (branch / SWIGLU_STD) * unit };
    case 'attnNorm':
    case 'mlpNorm':
    case 'finalNorm':
      return { mean: 1, std: 0.1 };
    case 'qBias':
    case 'kBias':
    case 'vBias':
      return { mean: 0, std: 0.1 };
    case 'v':
    case 'gate':
    case 'up':
      return { mean: 0, std: unit };
    default: // embed and head: rows of length LOGIT_STD
      return { mean: 0, std: LOGIT_STD * unit };
  }
}
