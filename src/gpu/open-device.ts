import type { DeviceInfo } from '../core/device.ts';
import { BenchError, invariant } from '../core/errors.ts';
import {
  type AdapterInfo,
  type SubgroupMatrixShape,
  subgroupMatrixShapes,
} from './adapter-info.ts';
import { bufferUsage, mapMode } from './constants.ts';
import type { BufferKind, BufferRequest, GpuDevice, LedgerSnapshot } from './device.ts';
import { codeOfGpuError, gpuError, gpuMessage } from './errors.ts';
import { Ledger } from './ledger.ts';

/** How often a lost device may be late in saying so: a failed map is rejected just before `lost` settles. */
const LOST_GRACE_MS = 50;

const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix';

/** The one implementation of GpuDevice, over any WebGPU. */
export class OpenDevice implements GpuDevice {
  readonly device: GPUDevice;
  readonly info: DeviceInfo;
  readonly hasF16: boolean;
  readonly hasSubgroups: boolean;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly subgroupMatrices: readonly SubgroupMatrixShape[];
  readonly hasTimestamps: boolean;
  readonly limits: GPUSupportedLimits;
  private readonly accounts = new Ledger();
  private readonly live = new Map<GPUBuffer, { kind: BufferKind; bytes: number }>();
  private lostMessage: string | undefined;
  private disposed = false;
  /** The first error that WebGPU reported outside any check, kept for the next call that can throw it. */
  private pending: BenchError | undefined;

  constructor(device: GPUDevice, adapterInfo: AdapterInfo, info: DeviceInfo) {
    this.device = device;
    this.info = info;
    this.hasF16 = device.features.has('shader-f16');
    this.hasSubgroups = device.features.has('subgroups');
    this.subgroupMinSize = this.hasSubgroups ? (adapterInfo.subgroupMinSize ?? 4) : 0;
    this.subgroupMaxSize = this.hasSubgroups ? (adapterInfo.subgroupMaxSize ?? 128) : 0;
    this.subgroupMatrices = device.features.has(MATRIX_FEATURE)
      ? subgroupMatrixShapes(adapterInfo)
      : [];
    this.hasTimestamps = device.features.has('timestamp-query');
    this.limits = device.limits;
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.pending ??= gpuError(codeOfGpuError(event.error), `GPU: ${gpuMessage(event.error)}`);
    });
    void device.lost.then((lost) => {
      this.lostMessage = `${lost.message.trim() || 'no details given'} (${lost.reason})`;
    });
  }

  createBuffer(request: BufferRequest): GPUBuffer {
    this.assertAlive();
    const { kind, label, usage } = request;
    const bytes = this.checkedSize(request);
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    let buffer: GPUBuffer | undefined;
    try {
      buffer = this.device.createBuffer({ label, size: bytes, usage });
    } finally {
      // Popped at once, so that the scopes hold this one call; the verdict arrives later.
      for (let i = 0; i < 2; i++) {
        void this.device.popErrorScope().then(
          (error) => this.noteBufferError(request, bytes, error),
          () => {}, // rejected only when the device is lost, which is reported as such
        );
      }
    }
    this.live.set(buffer, { kind, bytes });
    this.accounts.add(kind, bytes);
    return buffer;
  }

  destroyBuffer(buffer: GPUBuffer): void {
    const account = this.live.get(buffer);
    if (!account) return;
    this.live.delete(buffer);
    this.accounts.remove(account.kind, account.bytes);
    buffer.destroy();
  }

  async read(buffer: GPUBuffer, offset: number, length: number): Promise<Uint8Array> {
    invariant(offset % 4 === 0 && length % 4 === 0, `read of ${length} bytes at ${offset}`);
    const what = `read ${buffer.label || 'unlabelled buffer'}`;
    if (length === 0) return new Uint8Array(0);
    const staging = this.createBuffer({
      kind: 'staging',
      label: `staging of ${buffer.label}`,
      size: length,
      usage: bufferUsage.MAP_READ | bufferUsage.COPY_DST,
    });
    try {
      return await this.check(what, async () => {
        const encoder = this.device.createCommandEncoder({ label: what });
        encoder.copyBufferToBuffer(buffer, offset, staging, 0, length);
        this.device.queue.submit([encoder.finish()]);
        await staging.mapAsync(mapMode.READ, 0, length);
        return new Uint8Array(staging.getMappedRange(0, length)).slice();
      });
    } finally {
      this.destroyBuffer(staging);
    }
  }

  /**
   * The synchronous part of `work` runs in error scopes of its own. What follows its first `await` may
   * overlap with other checks, so errors from there are caught as uncaptured ones: still raised, but
   * possibly under the name of another check that was running at the time.
   */
  async check<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    this.assertAlive();
    for (const filter of ['validation', 'out-of-memory', 'internal'] as const) {
      this.device.pushErrorScope(filter);
    }
    let outcome: T | Promise<T> | undefined;
    let thrown: unknown;
    try {
      outcome = work();
    } catch (error) {
      thrown = error ?? new Error('nothing was thrown');
    }
    const scopes = [1, 2, 3].map(() => this.device.popErrorScope().catch(() => null));
    const settled = Promise.resolve(outcome).catch((error: unknown) => {
      thrown = error ?? new Error('nothing was thrown');
      return undefined;
    });
    const errors = await Promise.all(scopes);
    const value = await settled;
    const scoped = errors.find((error) => error !== null);
    if (scoped) throw gpuError(codeOfGpuError(scoped), `${what}: ${gpuMessage(scoped)}`);
    if (thrown !== undefined) throw await this.explain(what, thrown);
    this.throwPending(what);
    this.assertAlive(what);
    return value as T;
  }

  ledger(): LedgerSnapshot {
    return this.accounts.snapshot();
  }

  resetPeak(): void {
    this.accounts.resetPeak();
  }

  assertAlive(what?: string): void {
    const prefix = what === undefined ? '' : `${what}: `;
    if (this.disposed) throw gpuError('device-lost', `${prefix}the device was already disposed of`);
    if (this.lostMessage !== undefined) {
      throw gpuError('device-lost', `${prefix}the GPU device was lost: ${this.lostMessage}`);
    }
    this.throwPending(what);
  }

  async dispose(): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    for (const buffer of [...this.live.keys()]) this.destroyBuffer(buffer);
    this.device.destroy();
    await this.device.lost;
  }

  private checkedSize({ label, kind, size }: BufferRequest): number {
    invariant(Number.isSafeInteger(size) && size >= 0, `buffer ${label} of ${size} bytes`);
    // Size 0 cannot be bound; an empty tensor still gets a word.
    const bytes = Math.max(4, Math.ceil(size / 4) * 4);
    const { maxBufferSize } = this.limits;
    if (bytes > maxBufferSize) {
      const what = `Buffer "${label}" (${kind}) of ${bytes} bytes`;
      throw gpuError(
        'out-of-memory',
        `${what} exceeds the adapter's ${maxBufferSize} bytes a buffer`,
      );
    }
    return bytes;
  }

  private noteBufferError(request: BufferRequest, bytes: number, error: GPUError | null): void {
    if (!error) return;
    const what = `Buffer "${request.label}" (${request.kind}) of ${bytes} bytes`;
    this.pending ??= gpuError(codeOfGpuError(error), `${what}: ${gpuMessage(error)}`);
  }

  private throwPending(what?: string): void {
    const error = this.pending;
    if (!error) return;
    this.pending = undefined;
    throw what === undefined
      ? error
      : new BenchError(error.code, `${what}: ${error.message}`, { hint: error.hint, cause: error });
  }

  /** A thrown value as a coded error; a device that is going away explains whatever else failed. */
  private async explain(what: string, thrown: unknown): Promise<BenchError> {
    if (thrown instanceof BenchError) return thrown;
    const name =
      typeof thrown === 'object' && thrown !== null && 'name' in thrown ? thrown.name : '';
    if (name === 'AbortError' || name === 'OperationError') {
      const grace = new Promise((resolve) => setTimeout(resolve, LOST_GRACE_MS));
      await Promise.race([this.device.lost, grace]);
      if (this.lostMessage !== undefined) {
        return gpuError(
          'device-lost',
          `${what}: the GPU device was lost: ${this.lostMessage}`,
          thrown,
        );
      }
    }
    return gpuError(codeOfGpuError(thrown), `${what}: ${gpuMessage(thrown)}`, thrown);
  }
}
