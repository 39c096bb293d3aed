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
const SCORE_STD = 2;
/** Standard deviation that all branches of all layers together add to the residual stream, about. */
const STREAM_STD = 2.5;
/** Standard deviation of silu(g)·u for normal g and u, made up for in `down`. */
const SWIGLU_STD = 0.6;

/** Tensors outside the layers. */
type ModelPart = 'embed' | 'finalNorm' | 'head';

/**
 * How to draw a tensor so that a model nobody trained still computes like one.
 *
 * Inputs of every matrix have unit variance (they come from a norm, or are scaled to it), so weights of
 * std 1/√(fan-in) keep it. `o` and `down` carry the residual scale 1/√(2·layers) of GPT-2, so the stream
 * grows evenly to at most STREAM_STD. q and k share the factor that gives scores of SCORE_STD: attention
 * picks a few tokens, otherwise the mean of a long context would drown the token just read.
 *
 * Where the head is tied, the token just read raises its own logit by about one standard deviation times
 * the mean of the final norm. With a mean of +1 greedy decoding soon repeats one token for ever; −1
 * turns the echo into an aversion. (The sign is free: negating the norm negates all logits, and logits of
 * random weights are symmetric.)
 */
export function tensorRecipe(config: ModelConfig, shape: TensorShape): TensorRecipe {
  const part = shape.name.slice(shape.name.lastIndexOf('.') + 1) as LayerPart | ModelPart;
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
      return { mean: 0, std: branch * unit };
    case 'down':
      return { mean: 0, std: (branch / SWIGLU_STD) * unit };
    case 'attnNorm':
    case 'mlpNorm':
      return { mean: 1, std: 0.1 };
    case 'finalNorm':
      return { mean: config.tied ? -1 : 1, std: 0.1 };
    case 'qBias':
    case 'kBias':
    case 'vBias':
      return { mean: 0, std: 0.1 };
    case 'v':
    case 'gate':
    case 'up':
      return { mean: 0, std: unit };
    case 'embed': // as loud as one branch, unless it is the head too
      return { mean: 0, std: config.tied ? LOGIT_STD * unit : branch };
    case 'head': // rows of length LOGIT_STD
      return { mean: 0, std: LOGIT_STD * unit };
  }
}
