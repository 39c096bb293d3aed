import { randomUUID } from 'node:crypto';
import type { ModelOperation } from '../../bench/kernels/model-shapes.ts';
import { operationCost } from '../../bench/kernels/operation-cost.ts';
import type { DeviceInfo } from '../core/device.ts';
import { BenchError, toBenchError } from '../core/errors.ts';
import {
  KERNEL_RECORD_VERSION,
  type KernelMeasurement,
  type KernelRecord,
  type ValidationResult,
} from '../core/kernel-record.ts';
import type {
  KernelsTaskInput,
  KernelsTaskMessage,
  KernelsTaskResult,
  TimeKernelsInput,
} from '../hosts/kernels-task.ts';
import type { KernelsOptions } from './kernels-options.ts';

/** What a run needs of its surroundings; replaceable in tests. */
export interface KernelsSurroundings {
  /** Runs one phase in a process of its own on the adapter. */
  runPhase(
    input: KernelsTaskInput,
    onMessage: (message: KernelsTaskMessage) => void,
  ): Promise<KernelsTaskResult>;
  append(record: KernelRecord): Promise<void>;
  provenance: KernelRecord['provenance'];
  /** Folder of tuned tables. */
  cacheDir: string;
  onMessage(message: KernelsTaskMessage): void;
  now(): number;
}

/** Runs the phases asked for, every record into the store as soon as it is known. */
export class KernelsRun {
  readonly #records: KernelRecord[] = [];
  /** Names of operations as they were asked for. */
  #order: string[] = [];
  readonly #options: KernelsOptions;
  readonly #surroundings: KernelsSurroundings;
  readonly #run = randomUUID();
  #stored: Promise<void> = Promise.resolve();

  constructor(options: KernelsOptions, surroundings: KernelsSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** What is known so far: validations, then operations as they were asked for. */
  get records(): KernelRecord[] {
    const place = (record: KernelRecord) =>
      record.kind === 'kernel' ? 1 + this.#order.indexOf(record.name) : 0;
    return [...this.#records].sort((a, b) => place(a) - place(b));
  }

  /** Throws what keeps a phase from running at all; `records` has what was found out until then. */
  async execute(): Promise<void> {
    try {
      if (this.#options.validates) await this.#validate();
      if (this.#options.times) await this.#time();
    } finally {
      await this.#stored;
    }
  }

  async #validate(): Promise<void> {
    const { isQuick, filter } = this.#options;
    let current = 'the first case';
    try {
      await this.#surroundings.runPhase({ phase: 'validate', isQuick, filter }, (message) => {
        this.#surroundings.onMessage(message);
        if (message.type === 'case') current = message.name;
        if (message.type === 'validated') this.#addValidation(message.device, message.result);
      });
    } catch (error) {
      const failure = toBenchError(error);
      if (failure.code !== 'crashed') throw error;
      throw new BenchError('crashed', `After ${current}: ${failure.message}`, {
        hint: 'The driver may not survive a kernel; --no-validate goes straight to timing.',
        cause: error,
      });
    }
  }

  /** A process that dies takes one operation with it; another one goes on with the rest. */
  async #time(): Promise<void> {
    const { now, runPhase, onMessage } = this.#surroundings;
    const started = now();
    const done: string[] = [];
    for (;;) {
      let device: DeviceInfo | null = null;
      let current: ModelOperation | null = null;
      const input = this.#timeInput(done, (now() - started) / 1000);
      try {
        await runPhase(input, (message) => {
          onMessage(message);
          if (message.type === 'peaks') device = message.device;
          // A process that goes on behind another one knows only what is left.
          if (message.type === 'plan' && done.length === 0) this.#order = message.order;
          if (message.type === 'operation') current = message.subject;
          if (message.type !== 'measured') return;
          current = null;
          done.push(message.measurement.name);
          this.#addMeasurement(message.device, message.measurement);
        });
        return;
      } catch (error) {
        const lost = atTheTime({ device, current }, error);
        done.push(lost.measurement.name);
        this.#addMeasurement(lost.device, lost.measurement);
        onMessage({ type: 'measured', ...lost });
      }
    }
  }

  #timeInput(done: readonly string[], spentSeconds: number): TimeKernelsInput {
    const { isQuick, shapes, filter, activations, hasPeer, budgetSeconds, seed } = this.#options;
    return {
      phase: 'time',
      cacheDir: this.#surroundings.cacheDir,
      isQuick,
      shapes,
      filter,
      activations,
      hasPeer,
      budgetSeconds,
      seed,
      done: [...done],
      spentSeconds,
    };
  }

  #addValidation(device: DeviceInfo, result: ValidationResult): void {
    this.#add({ kind: 'kernel-validation', ...this.#envelope(device), ...result });
  }

  #addMeasurement(device: DeviceInfo, measurement: KernelMeasurement): void {
    this.#add({ kind: 'kernel', ...this.#envelope(device), ...measurement });
  }

  #envelope(device: DeviceInfo) {
    return {
      schema: KERNEL_RECORD_VERSION as typeof KERNEL_RECORD_VERSION,
      id: randomUUID(),
      run: this.#run,
      createdAt: new Date().toISOString(),
      device,
      provenance: this.#surroundings.provenance,
      seed: this.#options.seed,
    };
  }

  #add(record: KernelRecord): void {
    this.#records.push(record);
    this.#stored = this.#stored.then(() => this.#surroundings.append(record));
    // The failure is thrown by whoever awaits the queue at the end.
    this.#stored.catch(() => undefined);
  }
}

/** Failures that end a process but say nothing about other operations. */
const FATAL_FOR_ONE = ['crashed', 'device-lost'];

/** What a process was at when it died; rethrows what no single operation is to blame for. */
function atTheTime(
  { device, current }: { device: DeviceInfo | null; current: ModelOperation | null },
  error: unknown,
): { device: DeviceInfo; measurement: KernelMeasurement } {
  const { code, message, hint } = toBenchError(error);
  if (device === null || current === null || !FATAL_FOR_ONE.includes(code)) throw error;
  const { name, uses, operation } = current;
  const measurement: KernelMeasurement = {
    name,
    uses: [...uses],
    operation,
    ...operationCost(operation),
    outcome: { status: 'failed', code, message, ...(hint === undefined ? {} : { hint }) },
    contenders: [],
    ratio: null,
    peaks: null,
  };
  return { device, measurement };
}
