import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { systemCode } from '../files.ts';

/** One line of the tool about one GPU; what it does not tell is null. */
export interface GpuSample {
  /** Milliseconds since 1970. */
  atMs: number;
  index: number;
  name: string;
  smClockMhz: number | null;
  memoryClockMhz: number | null;
  powerW: number | null;
  temperatureC: number | null;
  memoryUsedBytes: number | null;
  utilisationPercent: number | null;
  throttleReasons: string[];
}

const FIELDS = [
  'timestamp',
  'index',
  'clocks.current.sm',
  'clocks.current.memory',
  'power.draw',
  'temperature.gpu',
  'memory.used',
  'utilization.gpu',
] as const;
/** Drivers have renamed the reasons, and some print power averaged over a second unless asked otherwise. */
const POWER_NAMES = ['power.draw.instant', 'power.draw'];
const REASON_NAMES = ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'];

/** NVML's bits of clock event reasons. */
const REASONS: readonly [bit: number, name: string][] = [
  [0x1, 'gpu-idle'],
  [0x2, 'applications-clocks-setting'],
  [0x4, 'software-power-cap'],
  [0x8, 'hardware-slowdown'],
  [0x10, 'sync-boost'],
  [0x20, 'software-thermal-slowdown'],
  [0x40, 'hardware-thermal-slowdown'],
  [0x80, 'hardware-power-brake'],
  [0x100, 'display-clock-setting'],
];

const MIB = 2 ** 20;
const LINE_CHARS = 1000;
const MAX_SAMPLES = 100_000;
const MAX_GPUS = 1024;

/** The query that this driver's tool understands, or why there is none. Power is instant where it can be. */
export type NvidiaQuery = { fields: string } | { reason: string };

/** Asks the tool once for each spelling of what is wanted. */
export async function findNvidiaQuery(): Promise<NvidiaQuery> {
  let reason = 'nvidia-smi gave no sample.';
  for (const power of POWER_NAMES) {
    for (const reasons of REASON_NAMES) {
      const wanted = FIELDS.map((field) => (field === 'power.draw' ? power : field));
      // The name comes last: it alone may contain a comma.
      const fields = [...wanted, reasons, 'name'].join(',');
      const answer = await ask(fields);
      if ('lines' in answer) {
        if (answer.lines.some((line) => parseGpuLine(line) !== null)) return { fields };
      } else {
        reason = answer.reason;
        if (answer.isAbsent) return { reason };
      }
    }
  }
  return { reason };
}

async function ask(
  fields: string,
): Promise<{ lines: string[] } | { reason: string; isAbsent: boolean }> {
  const options = { timeout: 10_000, maxBuffer: MIB };
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', queryOf(fields), options);
    return { lines: stdout.split('\n') };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      return { reason: 'There is no nvidia-smi on this machine.', isAbsent: true };
    }
    const said = (error as { stdout?: unknown }).stdout;
    const text = typeof said === 'string' && said.trim() !== '' ? said : String(error);
    const line = text.trim().split('\n')[0]?.slice(0, 200) ?? '';
    return { reason: `nvidia-smi failed: ${line}`, isAbsent: false };
  }
}

function queryOf(fields: string): string[] {
  return [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
}

/** A line as `findNvidiaQuery` asks for it; null where it is none. */
export function parseGpuLine(line: string): GpuSample | null {
  if (line.length > LINE_CHARS) return null;
  const [time, index, sm, memoryClock, power, temperature, memory, utilisation, mask, ...name] =
    line.split(',').map((part) => part.trim());
  const atMs = parseTime(time ?? '');
  const gpu = quantity(index, MAX_GPUS - 1);
  if (atMs === null || gpu === null || !Number.isInteger(gpu) || name.length === 0) return null;
  const memoryMib = quantity(memory, 1e9);
  return {
    atMs,
    index: gpu,
    name: name.join(', ').slice(0, 500),
    smClockMhz: quantity(sm, 1e5),
    memoryClockMhz: quantity(memoryClock, 1e5),
    powerW: quantity(power, 1e5),
    temperatureC: quantity(temperature, 1000),
    memoryUsedBytes: memoryMib === null ? null : memoryMib * MIB,
    utilisationPercent: quantity(utilisation, 100),
    throttleReasons: parseReasons(mask ?? ''),
  };
}

/** `[N/A]`, `[Not Supported]` and what lies beyond all reason are null. */
function quantity(text: string | undefined, most: number): number | null {
  if (text === undefined || !/^\d{1,12}(\.\d{1,6})?$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}

/** `2026/01/02 03:04:05.678`, in local time. */
function parseTime(text: string): number | null {
  const parts = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})$/.exec(text);
  if (parts === null) return null;
  const [year = 0, month = 1, day, hour, minute, second, ms] = parts.slice(1).map(Number);
  const atMs = new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  return atMs >= 0 ? atMs : null;
}

function parseReasons(text: string): string[] {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) return [];
  const mask = BigInt(text);
  return REASONS.filter(([bit]) => (mask & BigInt(bit)) !== 0n).map(([, name]) => name);
}

/** A running tool that prints a line for every GPU every so often. */
export class GpuSampler {
  readonly samples: GpuSample[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #rest = '';

  constructor(fields: string, intervalMs: number) {
    const args = [...queryOf(fields), '-lms', String(intervalMs)];
    this.#child = spawn('nvidia-smi', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  /** Samples so far stay; a tool that does not end when asked is killed. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 1000);
    await this.#ended;
    clearTimeout(timer);
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, LINE_CHARS);
    for (const line of lines) {
      const sample = parseGpuLine(line);
      if (sample !== null && this.samples.length < MAX_SAMPLES) this.samples.push(sample);
    }
  }
}
