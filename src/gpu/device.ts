import type { DeviceInfo } from '../core/device.ts';
import type { SubgroupMatrixShape } from './adapter-info.ts';

/** What a buffer is for; the ledger counts each kind apart. */
export type BufferKind = 'weights' | 'kvCache' | 'activations' | 'staging';

/** Bytes now and at the highest moment, by kind and in total. */
export interface LedgerSnapshot {
  current: Record<BufferKind, number>;
  peak: Record<BufferKind, number>;
  currentTotal: number;
  peakTotal: number;
}

export interface BufferRequest {
  kind: BufferKind;
  /** Names the buffer in errors. */
  label: string;
  /** Bytes; rounded up to a multiple of 4. */
  size: number;
  usage: GPUBufferUsageFlags;
}

/** One WebGPU device with its byte ledger and its errors made readable. Runs in Node and on a page. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly info: DeviceInfo;
  readonly hasF16: boolean;
  readonly hasSubgroups: boolean;
  /** Subgroup sizes the adapter may use; 0 without subgroups. */
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  /** What the matrix units multiply, best first as the driver lists it; empty where kernels cannot use them. */
  readonly subgroupMatrices: readonly SubgroupMatrixShape[];
  readonly hasTimestamps: boolean;
  readonly limits: GPUSupportedLimits;
  /** Throws `out-of-memory` or `validation` naming the buffer, before anything is allocated when a limit forbids it. */
  createBuffer(request: BufferRequest): GPUBuffer;
  /** Destroys a buffer made by createBuffer and takes its bytes off the ledger. Safe to call twice. */
  destroyBuffer(buffer: GPUBuffer): void;
  /** Copies bytes out through a staging buffer; offset and length multiples of 4. */
  read(buffer: GPUBuffer, offset: number, length: number): Promise<Uint8Array>;
  /** Runs `work` in error scopes; a GPU error becomes a BenchError whose message starts with `what`. */
  check<T>(what: string, work: () => T | Promise<T>): Promise<T>;
  ledger(): LedgerSnapshot;
  /** Starts the peaks anew from the current bytes. */
  resetPeak(): void;
  /** Throws `device-lost` when the device is gone. */
  assertAlive(): void;
  dispose(): Promise<void>;
}
