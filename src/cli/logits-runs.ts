import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Variant } from '../core/cell.ts';
import type { DeviceInfo } from '../core/device.ts';
import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { chooseAdapter, realSurroundings } from '../hosts/node/choose-adapter.ts';
import { runTask } from '../hosts/node/spawn.ts';
import { type LogitsRun, runKey } from './accuracy-options.ts';
import { needsAdapter } from './bench-cells.ts';

/** Logits that an engine has written, and what it was. */
export interface ComputedLogits {
  path: string;
  vocab: number;
  variant: Variant;
  device: DeviceInfo;
}

/** Computes logits of one token sequence, each run once and in a process of its own, into files of a folder. */
export class LogitsRuns {
  readonly #model: string;
  readonly #adapter: string | null;
  readonly #tokens: readonly number[];
  readonly #signal: AbortSignal;
  readonly #folder: string;
  readonly #done = new Map<string, { run: LogitsRun; logits: Promise<ComputedLogits> }>();
  #count = 0;
  #adapterEnv: Promise<Record<string, string>> | null = null;

  private constructor(request: LogitsRunsRequest, folder: string) {
    this.#model = request.model;
    this.#adapter = request.adapter;
    this.#tokens = request.tokens;
    this.#signal = request.signal;
    this.#folder = folder;
  }

  /** Makes the folder; `dispose` removes it. */
  static async create(request: LogitsRunsRequest): Promise<LogitsRuns> {
    return new LogitsRuns(request, await mkdtemp(join(tmpdir(), 'mtok-accuracy-')));
  }

  /** Throws what the engine throws, again at every call. */
  get(run: LogitsRun): Promise<ComputedLogits> {
    const key = runKey(run);
    let entry = this.#done.get(key);
    if (entry === undefined) {
      entry = { run, logits: this.#compute(run) };
      this.#done.set(key, entry);
    }
    return entry.logits;
  }

  /** Removes the files of runs that are not needed any more; asked for again, they are computed again. */
  async release(isNeeded: (run: LogitsRun) => boolean): Promise<void> {
    for (const [key, { run, logits }] of this.#done) {
      if (isNeeded(run)) continue;
      this.#done.delete(key);
      const computed = await logits.catch(() => null);
      if (computed !== null) await rm(computed.path, { force: true });
    }
  }

  dispose(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  async #compute({ backend, host, variant, phase }: LogitsRun): Promise<ComputedLogits> {
    this.#count += 1;
    const path = join(this.#folder, `${this.#count}.f32`);
    await writeFile(path, '');
    const env = needsAdapter({ backend, host }) ? await this.#chosenAdapter() : {};
    const input = {
      ...{ model: this.#model, backend, host, variant, phase, path },
      adapter: this.#adapter,
      cacheDir: defaultCacheDir(),
      tokens: this.#tokens,
    };
    const done = await runTask({ type: 'logits', input }, { env, signal: this.#signal });
    return { path, vocab: done.vocab, variant: done.variant, device: done.device };
  }

  /** Looked for once: it starts a process. */
  #chosenAdapter(): Promise<Record<string, string>> {
    this.#adapterEnv ??= chooseAdapter(
      this.#adapter ?? 'auto',
      realSurroundings(defaultCacheDir()),
    ).then(({ env }) => env);
    return this.#adapterEnv;
  }
}

export interface LogitsRunsRequest {
  model: string;
  /** `--adapter`; null takes the best. */
  adapter: string | null;
  tokens: readonly number[];
  /** Ends the process that is running. */
  signal: AbortSignal;
}
