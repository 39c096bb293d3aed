import type { AdapterInfo } from '../../gpu/adapter-info.ts';
import { describeAdapter } from '../../gpu/adapter-info.ts';
import type { ProbedAdapter, ProbeInput, ProbeResult } from '../tasks.ts';
import { createDawn } from './dawn.ts';

/** A name no adapter has: Dawn answers with the list of those there are. */
const NO_SUCH_ADAPTER = 'mtok-lists-adapters';

/**
 * Describes every adapter that this process sees. Run in a process of its own: loading a driver may
 * crash, and the environment that selects drivers is read once.
 */
export async function probe(input: ProbeInput): Promise<ProbeResult> {
  const adapters: ProbedAdapter[] = [];
  for (const name of await adapterNames()) {
    adapters.push(await probeAdapter(name, input.open));
  }
  return { adapters };
}

/** WebGPU has no enumeration, but Dawn in Node lists all adapters when asked for one it has not. */
async function adapterNames(): Promise<string[]> {
  const dawn = await createDawn({ adapter: NO_SUCH_ADAPTER });
  try {
    await dawn.gpu.requestAdapter();
    return [];
  } catch (error) {
    return parseAdapterList(String(error));
  } finally {
    dawn.dispose();
  }
}

/** The names in Dawn's list, each once, without the pseudo-adapter that draws nothing. */
export function parseAdapterList(message: string): string[] {
  const names = [...message.matchAll(/backend: '([^']*)', name: '([^\n]*)'/g)]
    .filter(([, backend]) => !/^(null|undefined)$/i.test(backend ?? ''))
    .map(([, , name]) => name ?? '')
    .filter((name) => name !== '');
  return [...new Set(names)];
}

async function probeAdapter(name: string, open: boolean): Promise<ProbedAdapter> {
  const failed = { name, vendor: 'unknown', kind: 'gpu', details: {} } as const;
  const dawn = await createDawn({ adapter: name });
  try {
    const adapter = await dawn.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) return { ...failed, problem: 'The driver offers no adapter that WebGPU can use' };
    const info: AdapterInfo = adapter.info;
    const { vendor, kind, details } = describeAdapter(info, adapter);
    const problem = open ? await openProblem(adapter) : null;
    return { name, vendor, kind: kind === 'gpu' ? 'gpu' : 'software', details, problem };
  } catch (error) {
    return { ...failed, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    dawn.dispose();
  }
}

async function openProblem(adapter: GPUAdapter): Promise<string | null> {
  try {
    const device = await adapter.requestDevice();
    device.destroy();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
