import type { DeviceInfo } from '../../core/device.ts';
import { BenchError, invariant } from '../../core/errors.ts';
import type { DecoderOptions } from '../../model/onnx/decoder.ts';
import type { Backend, BackendEnvironment, Session, SessionRequest } from '../backend.ts';
import { checkRequest } from '../checks.ts';
import { longestRightRun } from './attention-check.ts';
import { cpuDevice } from './cpu-device.ts';
import { createDeviceKvCache } from './device-kv-cache.ts';
import {
  type Engine,
  engineOf,
  graphChoices,
  type OrtBackendName,
  resolveVariant,
} from './engines.ts';
import { ortError } from './errors.ts';
import { type ExportedModel, exportModel, exportPositions } from './export-files.ts';
import { createCopiedKvCache, createHostKvCache } from './host-kv-cache.ts';
import type { KvCache, KvShape } from './kv-cache.ts';
import { type InferenceSession, loadRuntime } from './runtime.ts';
import { OrtSession } from './session.ts';

/** A backend on one of ONNX Runtime's execution providers. */
export function createOrtBackend(name: OrtBackendName, environment: BackendEnvironment): Backend {
  const engine = engineOf(name);
  return { name, open: (request) => openOrtSession(engine, request, environment) };
}

/** A session on an engine. Throws as Backend.open. */
export async function openOrtSession(
  engine: Engine,
  request: SessionRequest,
  environment: BackendEnvironment,
): Promise<Session> {
  checkRequest(request);
  await checkProvider(engine);
  try {
    return await openSession(engine, request, environment);
  } catch (error) {
    throw ortError(`${engine.backend} cannot open ${request.model.name}`, error);
  }
}

async function checkProvider({ backend, provider, remedy }: Engine): Promise<void> {
  const { listSupportedBackends } = await loadRuntime();
  const present = listSupportedBackends().map(({ name }) => name);
  if (present.includes(provider)) return;
  throw new BenchError(
    'unsupported',
    `onnxruntime-node on ${process.platform}-${process.arch} has no provider for ${backend}; ` +
      `it has ${present.join(', ')}`,
    { hint: remedy },
  );
}

/** The device that computes, and whether it computes in f16 natively. */
async function findDevice(
  engine: Engine,
  request: SessionRequest,
  environment: BackendEnvironment,
): Promise<{ device: DeviceInfo; fastFloat16: boolean }> {
  if (engine.provider === 'cpu') return { device: cpuDevice(), fastFloat16: false };
  if (engine.provider !== 'webgpu') {
    const device = { name: `${engine.provider} device 0`, vendor: 'unknown', details: {} };
    return { device: { ...device, kind: 'gpu' }, fastFloat16: true };
  }
  // ONNX Runtime brings its own copy of Dawn and does not tell which adapter it took. Both find the same
  // drivers and prefer the fastest adapter, so ours is taken for its.
  const gpu = await environment.gpu();
  const { activations, kv } = request.variant;
  if (!gpu.hasF16 && (activations === 'f16' || kv === 'f16')) {
    throw new BenchError(
      'unsupported',
      `${engine.backend} needs shader-f16 for f16 activations; ${gpu.info.name} lacks it`,
      { hint: 'Ask for f32 activations, or leave them to `auto`.' },
    );
  }
  return { device: gpu.info, fastFloat16: gpu.hasF16 && gpu.info.kind === 'gpu' };
}

function sessionOptions(engine: Engine): InferenceSession.SessionOptions {
  return {
    executionProviders: [{ name: engine.provider, ...engine.options }],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    // It would copy the embedding table that the LM head shares (see WeightWriter).
    extra: { optimization: { disable_specified_optimizers: 'ConstantFolding' } },
  };
}

async function openSession(
  engine: Engine,
  request: SessionRequest,
  environment: BackendEnvironment,
): Promise<Session> {
  const { model, batch, contextTokens } = request;
  const { cacheDir, host } = environment;
  invariant(cacheDir, 'a folder for exported graphs');
  const { device, fastFloat16 } = await findDevice(engine, request, environment);
  const { variant, float } = resolveVariant(engine, request.variant, fastFloat16);
  invariant(model.weights === variant.weights, 'model packed in the variant asked for');
  const choices = graphChoices(engine, variant.weights, model.config, batch, device.kind === 'gpu');
  const graph: Omit<DecoderOptions, 'output'> = {
    float,
    batch,
    positions: exportPositions(contextTokens),
    ...choices,
  };
  const options = sessionOptions(engine);
  const { InferenceSession, Tensor } = await loadRuntime();

  const startMs = host.now();
  const exported = await exportModel(model, { ...graph, output: 'tokens' }, cacheDir);
  const exportedMs = host.now();
  const session = await createSession(engine, exported, options);
  const compiledMs = host.now();
  const shape: KvShape = { config: model.config, batch, float };
  let cache: KvCache | undefined;
  try {
    cache = await createCache(engine, shape, contextTokens, options);
    const chunkTokens =
      engine.provider === 'webgpu' ? await longestRightRun(model.config, float, options) : 0;
    return new OrtSession(
      {
        backend: engine.backend,
        variant,
        device,
        settings: {
          executionProvider: engine.provider,
          ...engine.options,
          graphOptimizationLevel: 'all',
          disabledOptimizers: 'ConstantFolding',
          graphActivations: float,
          kvCache: engine.kv,
          ...choices,
          prefillChunkTokens: chunkTokens,
        },
        load: {
          readMs: exportedMs - startMs,
          packMs: null,
          compileMs: compiledMs - exportedMs,
          uploadMs: null,
        },
        bounds: { batch, position: 0, contextTokens, vocab: model.config.vocab },
        weightsBytes: exported.weightBytes,
        cache,
        openGraph: async (output) =>
          createSession(engine, await exportModel(model, { ...graph, output }, cacheDir), options),
        makeTensor: (type, values, dims) =>
          type === 'int64'
            ? new Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), dims)
            : new Tensor('int32', Int32Array.from(values), dims),
        chunkTokens,
      },
      session,
    );
  } catch (error) {
    await session.release();
    await cache?.dispose();
    throw error;
  }

  async function createSession(
    { backend, remedy, provider }: Engine,
    { path }: ExportedModel,
    how: InferenceSession.SessionOptions,
  ): Promise<InferenceSession> {
    try {
      return await InferenceSession.create(path, how);
    } catch (error) {
      const text = String(error);
      if (!/backend not found|shared library|libonnxruntime_providers/i.test(text)) throw error;
      throw new BenchError(
        'unsupported',
        `${backend}: provider ${provider} does not load: ${text}`,
        {
          hint: remedy,
          cause: error,
        },
      );
    }
  }
}

function createCache(
  { kv }: Engine,
  shape: KvShape,
  contextTokens: number,
  options: InferenceSession.SessionOptions,
): Promise<KvCache> {
  if (kv === 'device') return createDeviceKvCache(shape, contextTokens, options);
  return kv === 'host' ? createHostKvCache(shape, contextTokens) : createCopiedKvCache(shape);
}
