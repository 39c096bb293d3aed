import { BenchError, invariant } from '../../core/errors.ts';
import type { DecoderOptions } from '../../model/onnx/decoder.ts';
import { ACCURACY_LEVEL } from '../../model/onnx/projection.ts';
import type { Backend, BackendEnvironment, Session, SessionRequest } from '../backend.ts';
import { checkRequest, refuseSampling } from '../checks.ts';
import { longestRightRun } from './attention-check.ts';
import { findDevice } from './device.ts';
import { createDeviceKvCache } from './device-kv-cache.ts';
import {
  type Engine,
  engineOf,
  graphChoices,
  type OrtBackendName,
  resolveVariant,
} from './engines.ts';
import { ortError } from './errors.ts';
import { exportModel, exportPositions } from './export-files.ts';
import { createCopiedKvCache, createHostKvCache } from './host-kv-cache.ts';
import type { KvCache, KvShape } from './kv-cache.ts';
import { type InferenceSession, loadRuntime } from './runtime.ts';
import { OrtSession } from './session.ts';
import { sessionOptions } from './session-options.ts';

type SessionOptions = InferenceSession.SessionOptions;

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
  refuseSampling(request, engine.backend);
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

async function openSession(
  engine: Engine,
  request: SessionRequest,
  environment: BackendEnvironment,
): Promise<Session> {
  const { model, batch, contextTokens } = request;
  const { cacheDir, host } = environment;
  invariant(cacheDir, 'a folder for exported graphs');
  const { device, fastFloat16 } = await findDevice(engine, request.variant, environment);
  const { variant, float } = resolveVariant(engine, request.variant, fastFloat16);
  invariant(model.weights === variant.weights, 'model packed in the variant asked for');
  const choices = graphChoices(engine, variant.weights, model.config, batch, device.kind === 'gpu');
  const positions = exportPositions(contextTokens);
  const graph: Omit<DecoderOptions, 'output'> = { float, batch, positions, ...choices };
  // ConstantFolding would copy the embedding table that the LM head shares (see WeightWriter).
  const options = sessionOptions(engine, ['ConstantFolding']);

  const startMs = host.now();
  const exported = await exportModel(model, { ...graph, output: 'tokens' }, cacheDir);
  const exportMs = host.now() - startMs;
  const session = await createSession(engine, exported.path, options);
  const compileMs = host.now() - startMs - exportMs;
  let cache: KvCache | undefined;
  try {
    cache = await createCache(
      engine,
      { config: model.config, batch, float },
      contextTokens,
      options,
    );
    const chunkTokens =
      engine.provider === 'webgpu' ? await longestRightRun(model.config, float, options) : 0;
    const { Tensor } = await loadRuntime();
    return new OrtSession(
      {
        backend: engine.backend,
        variant,
        device,
        settings: {
          executionProvider: engine.provider,
          ...engine.options,
          intraOpNumThreads: engine.threads || 'one per core',
          graphOptimizationLevel: 'all',
          disabledOptimizers: 'ConstantFolding',
          kvCachePlacement: engine.kv,
          matMulNBitsAccuracyLevel: ACCURACY_LEVEL[float],
          ...choices,
          prefillChunkTokens: chunkTokens || 'unlimited',
        },
        load: {
          readMs: exported.written ? 0 : exportMs,
          packMs: exported.written ? exportMs : 0,
          // Creating a session also reads the weights and takes them to the device.
          compileMs,
          uploadMs: null,
        },
        bounds: { batch, position: 0, contextTokens, vocab: model.config.vocab },
        weightsBytes: exported.weightBytes,
        cache,
        async openGraph(output) {
          const { path } = await exportModel(model, { ...graph, output }, cacheDir);
          return createSession(engine, path, options);
        },
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
}

async function createSession(
  { backend, provider, remedy }: Engine,
  path: string,
  options: SessionOptions,
): Promise<InferenceSession> {
  const { InferenceSession } = await loadRuntime();
  try {
    return await InferenceSession.create(path, options);
  } catch (error) {
    const text = String(error);
    if (!/shared library|libonnxruntime_providers/i.test(text)) throw error;
    const message = `${backend}: the provider ${provider} does not load: ${text}`;
    throw new BenchError('unsupported', message, { hint: remedy, cause: error });
  }
}

function createCache(
  { kv }: Engine,
  shape: KvShape,
  contextTokens: number,
  options: SessionOptions,
): Promise<KvCache> {
  if (kv === 'device') return createDeviceKvCache(shape, contextTokens, options);
  return kv === 'host' ? createHostKvCache(shape, contextTokens) : createCopiedKvCache(shape);
}
