import { loadRuntime } from './runtime.ts';

/** An execution provider that the installed onnxruntime-node was built with. */
export interface OrtProvider {
  name: string;
  /** False when it needs files that the package does not bring. */
  bundled: boolean;
}

/** Loads ONNX Runtime and lists its execution providers. */
export async function listOrtProviders(): Promise<OrtProvider[]> {
  const { listSupportedBackends } = await loadRuntime();
  return listSupportedBackends().map(({ name, bundled }) => ({ name, bundled }));
}
