import { stat } from 'node:fs/promises';
import { KV_FORMATS, WEIGHT_FORMATS, type WeightFormat } from '../core/cell.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { describeModel, openSource } from '../hosts/node/model-source.ts';
import { packedPath } from '../hosts/node/packed-cache.ts';
import type { ModelDescription } from '../model/describe.ts';
import { isPresetName, presetNames, presets } from '../model/presets.ts';
import { formatMegabytes, formatNumber, plainText } from '../report/format.ts';
import { textGrid } from '../report/text-grid.ts';

/** A model with what the cache holds of it. */
interface ModelAnswer extends ModelDescription {
  /** Null for a planning preset, which has no weights. */
  sha256: string | null;
  cachedVariants: { weights: WeightFormat; path: string; bytes: number }[];
}

/** Runs `mtok models`. Throws `usage`, `model` and `io` as opening the model does. */
export async function modelsCommand(
  model: string | undefined,
  options: { json?: boolean },
): Promise<void> {
  if (model === undefined) {
    const all = await Promise.all(presetNames.map((name) => describeModel(`synthetic:${name}`)));
    process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : presetTable(all));
    return;
  }
  const answer = await describeWithCache(isPresetName(model) ? `synthetic:${model}` : model);
  process.stdout.write(options.json ? `${JSON.stringify(answer, null, 2)}\n` : details(answer));
}

async function describeWithCache(spec: string): Promise<ModelAnswer> {
  const description = await describeModel(spec);
  if (description.planningOnly) return { ...description, sha256: null, cachedVariants: [] };
  const cacheDir = defaultCacheDir();
  const source = await openSource(spec, cacheDir);
  await source.close();
  const found = await Promise.all(
    WEIGHT_FORMATS.map(async (weights) => {
      const path = packedPath(cacheDir, source.sha256, weights);
      const stats = await stat(path).catch(() => null);
      return stats === null ? [] : [{ weights, path, bytes: stats.size }];
    }),
  );
  return { ...description, sha256: source.sha256, cachedVariants: found.flat() };
}

function presetTable(models: readonly ModelDescription[]): string {
  const right = (...heading: string[]) => ({ heading, align: 'right' }) as const;
  const grid = textGrid(
    [
      { heading: ['synthetic:', ''], align: 'left' },
      right('parameters', 'M'),
      ...WEIGHT_FORMATS.map((format) => right(format, 'MB')),
      right('KV f16', 'kB/token'),
      { heading: ['what for', ''], align: 'left' },
    ],
    models.map(({ name, parameters, weightsBytes, kvBytesPerToken }, i) => [
      presetNames[i] ?? name,
      formatNumber(parameters / 1e6),
      ...WEIGHT_FORMATS.map((format) => formatMegabytes(weightsBytes[format])),
      formatNumber(kvBytesPerToken.f16 / 1e3),
      purposeOf(presetNames[i]),
    ]),
  );
  return `${grid.join('\n')}\nMB: 10^6 bytes. Use one as --model synthetic:<preset>[@seed]; mtok models <preset> says more.\n`;
}

function purposeOf(name: (typeof presetNames)[number] | undefined): string {
  return name === undefined ? '' : presets[name].purpose;
}

function details(model: ModelAnswer): string {
  const { config } = model;
  const { architecture, layers, dim, hiddenDim, heads, kvHeads, headDim, vocab, context } = config;
  const features = [
    config.tied ? 'LM head tied to the embedding' : 'LM head of its own',
    ...(config.qkvBias ? ['bias on q, k, v'] : []),
    ...(config.qkNorm ? ['normalised q, k'] : []),
    ...(config.ropeScaling === null ? [] : [`RoPE scaling ${config.ropeScaling.type}`]),
  ];
  const rows = [
    ['sha256', model.sha256 ?? 'none: a shape for planning, without weights'],
    ['architecture', `${architecture}; ${features.join(', ')}`],
    ['parameters', `${formatNumber(model.parameters / 1e6)} M`],
    ['shape', `layers ${layers}, dim ${dim}, hiddenDim ${hiddenDim}, vocab ${vocab}`],
    ['attention', `heads ${heads}, kvHeads ${kvHeads}, headDim ${headDim}`],
    ['context', `${context} tokens, RoPE theta ${config.ropeTheta}`],
    ...WEIGHT_FORMATS.map((format) => [
      `weights ${format}`,
      `${formatMegabytes(model.weightsBytes[format])} MB, ` +
        `${((8 * model.weightsBytes[format]) / model.parameters).toFixed(2)} bits per parameter; ` +
        cacheText(model, format),
    ]),
    ...KV_FORMATS.map((format) => [
      `KV cache ${format}`,
      `${model.kvBytesPerToken[format]} bytes per token and sequence`,
    ]),
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const lines = rows.map(
    ([name = '', value = '']) => `  ${name.padEnd(width)}  ${plainText(value)}`,
  );
  return `${plainText(model.name)}\n${lines.join('\n')}\n`;
}

function cacheText(model: ModelAnswer, format: WeightFormat): string {
  const cached = model.cachedVariants.find(({ weights }) => weights === format);
  return cached === undefined ? 'not packed yet' : `packed in ${cached.path}`;
}
