import type { Command } from 'commander';
import {
  ACTIVATION_FORMATS,
  BACKEND_NAMES,
  type BackendName,
  HOST_NAMES,
  type HostName,
  KV_FORMATS,
  type VariantRequest,
  WEIGHT_FORMATS,
} from '../core/cell.ts';
import { usageError } from './failure.ts';

/** Options that open one session of one model, as typed. */
export interface SessionArguments {
  model?: string;
  backend?: string;
  variant?: string;
  kv?: string;
  activations?: string;
  host?: string;
  adapter?: string;
}

/** The same, checked. */
export interface SessionChoice {
  model: string;
  backend: BackendName;
  host: HostName;
  variant: VariantRequest;
  /** Null takes the best adapter. */
  adapter: string | null;
}

/** Adds the options that `generate` and `logits` share. */
export function addSessionOptions(command: Command): Command {
  return command
    .requiredOption(
      '-m, --model <model>',
      'directory (Hugging Face layout) or synthetic:<preset>[@seed]',
    )
    .option('--backend <name>', `one of ${BACKEND_NAMES.join(', ')} (default: wgsl)`)
    .option('--variant <format>', 'weights: f32, f16, int8 or int4 (default: f16)')
    .option('--kv <format>', 'KV cache: auto, f32, f16 or int8 (default: auto)')
    .option('--activations <format>', 'activations: auto, f32, f16 or int8 (default: auto)')
    .option('--host <name>', `${HOST_NAMES.join(' or ')} (default: node)`)
    .option('--adapter <name>', 'WebGPU adapter; see mtok doctor');
}

/** Throws `usage` for a word that is not on offer. */
export function chooseSession(options: SessionArguments): SessionChoice {
  if (options.model === undefined || options.model.trim() === '') {
    throw usageError('--model names no model', 'Give a directory or synthetic:test-1m.');
  }
  return {
    model: options.model,
    backend: pick('--backend', options.backend ?? 'wgsl', BACKEND_NAMES),
    host: pick('--host', options.host ?? 'node', HOST_NAMES),
    variant: {
      weights: pick('--variant', options.variant ?? 'f16', WEIGHT_FORMATS),
      kv: pick('--kv', options.kv ?? 'auto', ['auto', ...KV_FORMATS] as const),
      activations: pick('--activations', options.activations ?? 'auto', [
        'auto',
        ...ACTIVATION_FORMATS,
      ] as const),
    },
    adapter: options.adapter ?? null,
  };
}

/** Token ids such as `1,2,3`. Throws `usage`. Whether the vocabulary has them is for the model to say. */
export function parseTokenIds(option: string, text: string): number[] {
  const ids = text.split(',').map((part) => part.trim());
  const bad = ids.find((id) => !/^\d{1,9}$/.test(id));
  if (bad !== undefined) {
    throw usageError(
      `${option} got ${JSON.stringify(bad.slice(0, 40))}, expected token ids separated by commas`,
      `Write ${option} 1,2,3`,
    );
  }
  return ids.map(Number);
}

function pick<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((name) => name === text.trim());
  if (choice !== undefined) return choice;
  throw usageError(
    `${option} got ${JSON.stringify(text.slice(0, 40))}, expected one of ${choices.join(', ')}`,
  );
}
