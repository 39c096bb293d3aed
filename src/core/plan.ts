import {
  ACTIVATION_FORMATS,
  BACKEND_NAMES,
  type Cell,
  HOST_NAMES,
  KV_FORMATS,
  WEIGHT_FORMATS,
  type Workload,
} from './cell.ts';
import { BenchError } from './errors.ts';
import { type NumberListRule, parseNumberList, shorten } from './number-list.ts';

/** The axes of a sweep as the user wrote them; every text is a comma list, numbers may be ranges. */
export interface SweepOptions {
  /** `--model`, once or several times; a directory or `synthetic:<preset>[@seed]`. */
  models: readonly string[];
  /** `--backend` */
  backends: string;
  /** `--variant`: weight formats */
  variants: string;
  /** `--kv`: `auto`, `f32`, `f16`, `int8` */
  kv: string;
  /** `--activations`: `auto`, `f32`, `f16`, `int8` */
  activations: string;
  /** `--host` */
  hosts: string;
  /** `-p` prompt tokens */
  prompt: string;
  /** `-n` generated tokens */
  generate: string;
  /** `-d` tokens in the cache before the prompt */
  depth: string;
  /** `-b` sequences at once */
  batch: string;
}

/** What a run measures when nothing is said: small enough for a software adapter. */
export const DEFAULT_SWEEP: SweepOptions = {
  models: ['synthetic:test-1m'],
  backends: 'wgsl,ort-webgpu,ort-cpu',
  variants: 'f16,int8,int4',
  kv: 'auto',
  activations: 'auto',
  hosts: 'node',
  prompt: '64',
  generate: '16',
  depth: '0',
  batch: '1',
};

/** A plan with more cells than this is refused. */
export const MAX_CELLS = 5000;
const MAX_MODEL_LENGTH = 500;

const rules = {
  prompt: { option: '-p', min: 0, max: 1 << 20 },
  generate: { option: '-n', min: 0, max: 1 << 20 },
  depth: { option: '-d', min: 0, max: 1 << 20 },
  batch: { option: '-b', min: 1, max: 4096 },
} satisfies Record<string, NumberListRule>;

/**
 * Every combination of the axes as cells. The order is that of the nested loops below: cells of one
 * model and variant are adjacent, so that packed weights are shared, and the cells one would compare (same
 * model, variant and workload, another backend) follow each other. Throws `usage`.
 */
export function planCells(options: SweepOptions): Cell[] {
  const models = parseModels(options.models);
  const weights = parseChoices('--variant', options.variants, WEIGHT_FORMATS);
  const kvFormats = parseChoices('--kv', options.kv, ['auto', ...KV_FORMATS] as const);
  const activationFormats = parseChoices('--activations', options.activations, [
    'auto',
    ...ACTIVATION_FORMATS,
  ] as const);
  const backends = parseChoices('--backend', options.backends, BACKEND_NAMES);
  const hosts = parseChoices('--host', options.hosts, HOST_NAMES);
  const workloads = planWorkloads(options);
  const axes = [models, weights, kvFormats, activationFormats, backends, hosts, workloads];
  assertCellCount(axes.reduce((product, axis) => product * axis.length, 1));

  const cells: Cell[] = [];
  for (const model of models)
    for (const weightFormat of weights)
      for (const workload of workloads)
        for (const backend of backends)
          for (const host of hosts)
            for (const kv of kvFormats)
              for (const activations of activationFormats) {
                const variant = { weights: weightFormat, kv, activations };
                cells.push({ model, variant, backend, host, workload });
              }
  return cells;
}

function planWorkloads(options: SweepOptions): Workload[] {
  const prompts = parseNumberList(options.prompt, rules.prompt);
  const generated = parseNumberList(options.generate, rules.generate);
  const depths = parseNumberList(options.depth, rules.depth);
  const batches = parseNumberList(options.batch, rules.batch);
  assertCellCount(prompts.length * generated.length * depths.length * batches.length);

  const workloads: Workload[] = [];
  for (const promptTokens of prompts)
    for (const generatedTokens of generated)
      for (const depth of depths)
        for (const batch of batches) {
          if (promptTokens + generatedTokens === 0) continue;
          workloads.push({ promptTokens, generatedTokens, depth, batch });
        }
  if (workloads.length === 0) {
    throw new BenchError('usage', 'With -p 0 and -n 0 there is nothing to measure', {
      hint: 'Give prompt tokens with -p, generated tokens with -n, or both.',
    });
  }
  return workloads;
}

function assertCellCount(count: number): void {
  if (count <= MAX_CELLS) return;
  throw new BenchError('usage', `The sweep has ${count} cells, more than ${MAX_CELLS}`, {
    hint: 'Shorten a list or give a range a larger step; --dry-run shows the plan.',
  });
}

function parseModels(texts: readonly string[]): string[] {
  const models = texts.flatMap((text) => text.split(',')).map((name) => name.trim());
  if (models.length === 0 || models.some((name) => name === '')) {
    throw new BenchError('usage', '--model names no model', {
      hint: 'Give a model directory or a preset such as synthetic:test-1m.',
    });
  }
  const tooLong = models.find((name) => name.length > MAX_MODEL_LENGTH);
  if (tooLong !== undefined) {
    throw new BenchError('usage', `--model ${shorten(tooLong)} is longer than any path`);
  }
  return [...new Set(models)];
}

function parseChoices<T extends string>(option: string, text: string, choices: readonly T[]): T[] {
  const chosen = new Set<T>();
  for (const part of text.split(',')) {
    const choice = choices.find((name) => name === part.trim());
    if (choice === undefined) {
      throw new BenchError(
        'usage',
        `${option} got ${JSON.stringify(shorten(part.trim()))}, expected ${choices.join(', ')}`,
        { hint: `Separate several with commas: ${option} ${choices.slice(0, 2).join(',')}` },
      );
    }
    chosen.add(choice);
  }
  return [...chosen];
}
