import type { Experts } from '../../economics/fit/experts.ts';
import { type FitCase, type FitQuestion, fitRow } from '../../economics/fit/fit-row.ts';
import { unknown } from '../../economics/quantity.ts';
import { fitJson, type ShownFit } from '../../report/cost/fit-json.ts';
import { renderFit } from '../../report/cost/fit-text.ts';
import { EXIT, usageError } from '../failure.ts';
import { fitGpu } from './fit-gpu.ts';
import { type FitModel, fitModel } from './fit-model.ts';
import { type CostFitArguments, type FitRequest, parseFitRequest } from './fit-options.ts';
import { resultText } from './result-text.ts';

const CONTEXTS = [4096, 32_768];

/** Runs `mtok cost fit`. Throws `usage` for options, `model`, `io` and `record` as reading models and stores does. */
export async function costFitCommand(argv: CostFitArguments): Promise<number> {
  const request = parseFitRequest(argv);
  const model = await fitModel(argv);
  const gpu = await fitGpu(argv, request);
  const experts = expertsOf(model, request);
  const { usableShare, activationBytes, batch, gpus, seed } = request;
  const question: FitQuestion = {
    gpu: { memoryBytes: gpu.memoryBytes, usableShare, activationBytes },
    batch,
    gpus,
    usdPerGpuHour: gpu.usdPerGpuHour,
    bandwidthBytesPerSecond: gpu.bandwidthBytesPerSecond,
    sequenceTps: request.sequenceTps ?? unknown('--sequence-tps was not given'),
    experts,
    seed,
  };
  const rows = fitCases(model, request).map((one) => fitRow(one, question));
  const { name, parameters, basis } = model;
  const shown: ShownFit = {
    model: { name, parameters, basis },
    withScales: request.withScales,
    gpu,
    question,
    rows,
  };
  process.stdout.write(
    resultText(
      argv,
      () => fitJson(shown),
      () => renderFit(shown),
    ),
  );
  return EXIT.ok;
}

function expertsOf({ parameters }: FitModel, { experts }: FitRequest): Experts | null {
  if (experts === null) return null;
  if (parameters === null) {
    throw usageError('--experts needs the parameters of the model, which a record does not have');
  }
  const active = experts.activeParameters;
  const least = (parameters * experts.activeExperts) / experts.experts;
  if (active !== null && (active > parameters || active < least)) {
    throw usageError(
      `--active-params ${active} is out of range: ${experts.activeExperts} of ${experts.experts} experts of a model ` +
        `of ${parameters} parameters have from ${least} to ${parameters}`,
    );
  }
  return { ...experts, totalParameters: parameters };
}

function fitCases(model: FitModel, request: FitRequest): FitCase[] {
  const variants = request.variants ?? [...model.weightsBytes.keys()];
  const kvs =
    request.kvs ??
    (model.kvBytesPerToken.has('f16') ? ['f16' as const] : [...model.kvBytesPerToken.keys()]);
  return variants.flatMap((weights) =>
    kvs.flatMap((kv) =>
      contextsOf(model, request).map((contextTokens) => ({
        weights,
        kv,
        contextTokens,
        weightsBytes: bytesOf(model, model.weightsBytes, weights, '--variant'),
        kvBytesPerToken: bytesOf(model, model.kvBytesPerToken, kv, '--kv'),
        kvHeads: model.kvHeads,
      })),
    ),
  );
}

function bytesOf<F extends string>(
  { name }: FitModel,
  bytes: ReadonlyMap<F, number>,
  format: F,
  option: string,
): number {
  const known = bytes.get(format);
  if (known !== undefined) return known;
  throw usageError(
    `${option} ${format}: of ${name} only ${[...bytes.keys()].join(', ')} was measured`,
    'Give the model with --model or by its numbers for other formats.',
  );
}

/** Lengths that the model was not made for are left out of the default, not of what was asked for. */
function contextsOf({ context }: FitModel, { contexts }: FitRequest): readonly number[] {
  if (contexts !== null) return contexts;
  const possible = CONTEXTS.filter((tokens) => context === null || tokens <= context);
  return possible.length > 0 ? possible : [context ?? 0];
}
