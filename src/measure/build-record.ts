import type { Cell } from '../core/cell.ts';
import type { DeviceInfo } from '../core/device.ts';
import type { Diagnostics } from '../core/diagnostics.ts';
import { BenchError } from '../core/errors.ts';
import { type BenchRecord, type Flag, type Launch, RECORD_VERSION } from '../core/record.ts';
import { Rng } from '../core/rng.ts';
import { halfWidthShare } from '../core/statistics.ts';
import { diagnosePhase } from './diagnose.ts';
import { summariseEnergy } from './energy.ts';
import { environmentFlags } from './environment-flags.ts';
import {
  conditionFlags,
  costFlags,
  intervalFlags,
  loadFlags,
  memoryFlags,
  notMeasured,
  percentileFlags,
  profileFlags,
  runAheadFlags,
  timerFlags,
} from './flags.ts';
import type { LaunchResult } from './launch.ts';
import type { RunProtocol } from './protocol.ts';
import type { MeasuredCell } from './roofline.ts';
import { figureRng, protocolRecord, type StopState } from './stop-rule.ts';
import {
  type Decode,
  type Memory,
  type Prefill,
  phaseTimes,
  summariseDecode,
  summariseLoad,
  summariseMemory,
  summarisePrefill,
} from './summarise.ts';
import { gcFlags, targetFlags, troubleFlags } from './trouble-flags.ts';

/** Turns throughputs into money; src/economics does it, told the price. */
export type ChargeCell = (
  device: DeviceInfo,
  rates: { prefill: Prefill | null; decode: Decode | null },
) => { cost: BenchRecord['cost']; flags: Flag[] };

/** Holds a measured cell against its adapter's peaks; told those and the model's shape. */
export type PlaceCell = (
  cell: MeasuredCell,
  planned: Cell,
) => { roofline: BenchRecord['roofline']; flags: Flag[] };

export interface RecordInput {
  id: string;
  run: string;
  key: string;
  createdAt: string;
  cell: Cell;
  seed: number;
  protocol: RunProtocol;
  /** Why the cell ended; absent where no rule was asked. */
  stop?: StopState | undefined;
  /** Known before anything ran; null where the model could not be read. */
  modelSha256: string | null;
  results: readonly LaunchResult[];
  /** What ended the cell early. */
  error: BenchError | null;
  provenance: BenchRecord['provenance'];
  charge: ChargeCell;
  /** Absent where no peaks were asked for. */
  place?: PlaceCell | undefined;
}

const NO_MEMORY: Memory = {
  weightsBytes: null,
  kvCacheBytes: null,
  activationBytes: null,
  stagingBytes: null,
  peakGpuBytes: null,
  peakRssBytes: null,
};

/**
 * One cell's launches as a record. Every figure that is null has a flag with the reason; a cell that did
 * not finish keeps its raw launches but shows no figures.
 */
export function buildRecord(input: RecordInput): BenchRecord {
  const { cell, results } = input;
  const error = input.error ?? disagreement(results);
  const last = results.at(-1);
  const settings = { ...last?.settings, ...protocolSettings(input) };
  const base = {
    schema: RECORD_VERSION,
    id: input.id,
    run: input.run,
    key: input.key,
    createdAt: input.createdAt,
    cell: last === undefined ? cell : { ...cell, variant: last.variant },
    modelSha256: last?.modelSha256 ?? input.modelSha256,
    device: last?.device ?? null,
    settings,
    provenance: { ...input.provenance, ...last?.provenance },
    seed: input.seed,
    launches: results.map(({ launch }) => launch),
  } as const;
  if (error !== null || last === undefined) {
    const failure = error ?? new BenchError('internal', 'No launch ran');
    return { ...base, ...failedFigures(input, failure) };
  }
  return { ...base, ...figures(input, last.device) };
}

/** The part of a record that `figures` and `failedFigures` fill. */
type Figures = Pick<
  BenchRecord,
  | 'outcome'
  | 'flags'
  | 'prefill'
  | 'decode'
  | 'load'
  | 'memory'
  | 'cost'
  | 'profile'
  | 'roofline'
  | 'energy'
  | 'protocol'
  | 'diagnostics'
>;

function failedFigures({ protocol, stop, cell }: RecordInput, error: BenchError): Figures {
  const widths = { prefill: null, decode: null };
  return {
    outcome: {
      status: statusOf(error),
      code: error.code,
      message: error.message,
      hint: error.hint,
    },
    flags: [notMeasured(null, 'The cell did not finish; its figures are unknown.')],
    prefill: null,
    decode: null,
    load: null,
    memory: NO_MEMORY,
    cost: null,
    profile: null,
    roofline: null,
    energy: null,
    protocol:
      stop === undefined
        ? null
        : protocolRecord(protocol, { ...stop, rule: 'error' }, widths, cell.workload),
    diagnostics: null,
  };
}

function figures(input: RecordInput, device: DeviceInfo): Figures {
  const { cell, results } = input;
  const launches = results.map(({ launch }) => launch);
  const quantumMs = coarsestQuantumMs(results);
  const rngOf = (phase: 'prefill' | 'decode') => figureRng(input.seed, phase);
  const prefill = summarisePrefill(launches, cell.workload, quantumMs, rngOf('prefill'));
  const ahead = Math.min(...results.map(({ runAheadSteps }) => runAheadSteps));
  const clock = { quantumMs, runAheadSteps: ahead };
  const decode = summariseDecode(launches, cell.workload, clock, rngOf('decode'));
  const diagnostics = diagnose(input, launches, quantumMs);
  const load = summariseLoad(launches);
  const memory = summariseMemory(launches);
  const profile = results.find((result) => result.profile !== null)?.profile ?? null;
  const rates = { prefill: prefill?.value ?? null, decode: decode?.value ?? null };
  const charged = input.charge(device, rates);
  const placed = placeCell(input, device, rates);
  const { energy, flags: energyFlags } = summariseEnergy(launches, cell.workload);
  const summaries = [prefill, decode].filter((summary) => summary !== null);
  const widths = {
    prefill: prefill && halfWidthShare(prefill.estimate),
    decode: decode && halfWidthShare(decode.estimate),
  };
  const protocol =
    input.stop === undefined
      ? null
      : protocolRecord(input.protocol, input.stop, widths, cell.workload);
  return {
    outcome: { status: 'ok' },
    flags: [
      ...conditionFlags(cell, results),
      ...environmentFlags(launches, device),
      ...intervalFlags(
        summaries.map(({ method }) => method),
        launches.length,
      ),
      ...(protocol === null ? [] : targetFlags(protocol)),
      ...troubleFlags(diagnostics),
      ...gcFlags(launches),
      ...(prefill === null
        ? [notMeasured('prefill', 'Nothing was prefilled; -p is 0.', 'Give -p.')]
        : timerFlags('prefill', prefill)),
      ...(decode === null
        ? [notMeasured('decode', 'Nothing was generated; -n is 0.', 'Give -n.')]
        : timerFlags('decode', decode)),
      ...(rates.decode === null
        ? []
        : [
            ...percentileFlags(rates.decode),
            ...runAheadFlags(cell, rates.decode, input.protocol, ahead),
          ]),
      ...profileFlags(cell, profile, input.protocol),
      ...loadFlags(cell, load),
      ...memoryFlags(cell, memory),
      ...costFlags(charged.cost),
      ...charged.flags,
      ...placed.flags,
      ...energyFlags,
    ],
    ...rates,
    load,
    memory,
    cost: charged.cost,
    profile,
    roofline: placed.roofline,
    energy,
    protocol,
    diagnostics,
  };
}

function diagnose(
  { seed }: RecordInput,
  launches: readonly Launch[],
  quantumMs: number,
): Diagnostics {
  const ofPhase = (phase: 'prefill' | 'decode') => {
    const times = phaseTimes(launches, phase);
    return times && diagnosePhase(times, quantumMs, new Rng('diagnose', seed, phase));
  };
  return { prefill: ofPhase('prefill'), decode: ofPhase('decode') };
}

function coarsestQuantumMs(results: readonly LaunchResult[]): number {
  return Math.max(...results.map(({ clockQuantumMs }) => clockQuantumMs));
}

function placeCell(
  { cell, results, place }: RecordInput,
  device: DeviceInfo,
  rates: Pick<MeasuredCell, 'prefill' | 'decode'>,
): ReturnType<PlaceCell> {
  const last = results.at(-1);
  if (place === undefined || last === undefined) return { roofline: null, flags: [] };
  const { variant, settings } = last;
  return place({ variant, workload: cell.workload, device: device.name, settings, ...rates }, cell);
}

function statusOf(error: BenchError): 'unsupported' | 'timed-out' | 'failed' {
  if (error.code === 'unsupported' || error.code === 'no-adapter') return 'unsupported';
  return error.code === 'timeout' ? 'timed-out' : 'failed';
}

/** Launches of one cell must have measured one thing. */
function disagreement(results: readonly LaunchResult[]): BenchError | null {
  const [first, ...others] = results;
  if (first === undefined) return null;
  const facts = (result: LaunchResult) => ({
    model: result.modelSha256,
    device: result.device.name,
    formats: Object.values(result.variant).join(' '),
  });
  for (const other of others) {
    for (const [what, expected] of Object.entries(facts(first))) {
      const actual = facts(other)[what as keyof ReturnType<typeof facts>];
      if (actual === expected) continue;
      return new BenchError(
        'engine',
        `Launches of one cell had a different ${what}: ${actual}, at first ${expected}`,
        { hint: 'Run again without changing the model or the adapter meanwhile.' },
      );
    }
  }
  return null;
}

function protocolSettings({ protocol, results }: RecordInput): BenchRecord['settings'] {
  const { launches, launchTimeoutMs, launch } = protocol;
  const entries = Object.entries({ launches, launchTimeoutMs, ...launch });
  const settings = Object.fromEntries(
    entries.map(([name, value]) => [`protocol.${name}`, value] as const),
  );
  if (results.length === 0) return settings;
  return {
    ...settings,
    clockQuantumMs: coarsestQuantumMs(results),
  };
}
