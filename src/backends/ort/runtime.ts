import { BenchError } from '../../core/errors.ts';

export type { InferenceSession, Tensor } from 'onnxruntime-node';

type Runtime = typeof import('onnxruntime-node');

let loading: Promise<Runtime> | undefined;

async function load(): Promise<Runtime> {
  try {
    const runtime = await import('onnxruntime-node');
    // Failures arrive as exceptions; what ONNX Runtime logs beside them would only mix into our output.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (cause) {
    throw new BenchError(
      'unsupported',
      `ONNX Runtime does not load on ${process.platform}-${process.arch}: ${String(cause)}`,
      { hint: 'Run `npm ci` on the machine that runs mtok; see `mtok doctor`.', cause },
    );
  }
}

/** Loads onnxruntime-node (the one place that does) when it is first needed. Throws `unsupported`. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= load();
  return loading;
}
