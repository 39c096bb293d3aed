import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PowerTrace } from '../../../core/environment.ts';

export const POWERCAP_FOLDER = '/sys/class/powercap';
/** Counters of processor packages, as the kernel names their folders; parts of packages have a second number. */
const PACKAGE = /^(intel|amd)-rapl:\d+$/;

interface Counter {
  path: string;
  /** Where it starts again from zero, in microjoules. */
  rangeUj: number;
}

/** Packages' energy counters, or why they cannot be read. */
export type Rapl = { counters: Counter[] } | { reason: string };

/** Finds the counters; on most systems only root may read them. */
export async function findRapl(folder = POWERCAP_FOLDER): Promise<Rapl> {
  const names = await readdir(folder).catch(() => []);
  const counters: Counter[] = [];
  for (const name of names.filter((one) => PACKAGE.test(one)).sort()) {
    if (!/^package/.test(await readText(join(folder, name, 'name')))) continue;
    const path = join(folder, name, 'energy_uj');
    const rangeUj = parseCount(await readText(join(folder, name, 'max_energy_range_uj')));
    if (parseCount(await readText(path)) === null || rangeUj === null) {
      return { reason: `${path} cannot be read: the processors' energy needs more rights.` };
    }
    counters.push({ path, rangeUj });
  }
  if (counters.length > 0) return { counters };
  return { reason: 'The system shows no energy counter of its processors.' };
}

/** Samples the packages' power, added up, until it is stopped. */
export class RaplSampler {
  /** Each is the mean power between two readings, at the middle of them. */
  readonly points: [number, number][] = [];
  readonly #counters: readonly Counter[];
  readonly #timer: NodeJS.Timeout;
  #last: { atMs: number; values: number[] } | null = null;

  constructor(counters: readonly Counter[], intervalMs: number) {
    this.#counters = counters;
    this.#timer = setInterval(() => void this.#sample(), intervalMs);
    void this.#sample();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sample();
  }

  async #sample(): Promise<void> {
    const texts = await Promise.all(this.#counters.map(({ path }) => readText(path)));
    const values = texts.map(parseCount);
    if (values.some((value) => value === null)) return;
    const now = { atMs: Date.now(), values: values.map((value) => value ?? 0) };
    const last = this.#last;
    this.#last = now;
    if (last === null || now.atMs <= last.atMs) return;
    const joules = this.#counters.reduce(
      (sum, { rangeUj }, i) =>
        sum + energyBetween(last.values[i] ?? 0, now.values[i] ?? 0, rangeUj),
      0,
    );
    this.points.push([(last.atMs + now.atMs) / 2, (1000 * joules) / (now.atMs - last.atMs)]);
  }
}

/** Joules between two readings in microjoules of a counter that may have started again once. */
export function energyBetween(before: number, after: number, rangeUj: number): number {
  return (after >= before ? after - before : after + rangeUj - before) / 1e6;
}

export function raplTrace(points: readonly [number, number][], startedMs: number): PowerTrace {
  return {
    source: 'rapl',
    idle: points.filter(([atMs]) => atMs < startedMs).slice(-1000),
    points: points.filter(([atMs]) => atMs >= startedMs).slice(0, 100_000),
  };
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

function parseCount(text: string): number | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
