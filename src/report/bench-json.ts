import type { BenchRecord, Flag } from '../core/record.ts';

/** One cell of `bench --json`: what a script needs of a record, without its raw samples. */
export interface BenchJsonEntry
  extends Pick<
    BenchRecord,
    | 'id'
    | 'cell'
    | 'modelSha256'
    | 'outcome'
    | 'flags'
    | 'prefill'
    | 'decode'
    | 'load'
    | 'memory'
    | 'cost'
    | 'settings'
    | 'profile'
    | 'roofline'
    | 'energy'
    | 'protocol'
    | 'diagnostics'
  > {
  device: { name: string; vendor: string; kind: 'gpu' | 'cpu' | 'software' } | null;
}

/**
 * Records as `bench --json` writes them. Figures that are absent are null, and `flags` holds a reason for
 * every one of them: the record's own flag, else one that repeats why the cell has no result.
 */
export function benchJson(records: readonly BenchRecord[]): BenchJsonEntry[] {
  return records.map((record) => {
    const {
      id,
      cell,
      modelSha256,
      outcome,
      prefill,
      decode,
      load,
      memory,
      cost,
      settings,
      profile,
      roofline,
      energy,
      protocol,
      diagnostics,
    } = record;
    return {
      id,
      cell,
      modelSha256,
      device: record.device && {
        name: record.device.name,
        vendor: record.device.vendor,
        kind: record.device.kind,
      },
      outcome,
      flags: [...record.flags, ...missingReasons(record)],
      prefill,
      decode,
      load,
      memory,
      cost,
      settings,
      profile,
      roofline,
      energy,
      protocol,
      diagnostics,
    };
  });
}

/** Every figure of a record that can be absent, by the name under which flags speak of it. */
function absentFields(record: BenchRecord): string[] {
  const top = ['device', 'prefill', 'decode', 'load', 'cost', 'roofline', 'energy'] as const;
  return [
    ...top.filter((field) => record[field] === null),
    ...nullsOf('memory', record.memory),
    ...nullsOf('load', record.load ?? {}),
    ...nullsOf('cost', record.cost ?? {}),
    ...nullsOf('prefill.tokensPerSecond', record.prefill?.tokensPerSecond ?? {}),
    ...nullsOf('decode.tokensPerSecond', record.decode?.tokensPerSecond ?? {}),
    ...nullsOf('decode.tpotMs', record.decode?.tpotMs ?? {}),
    ...nullsOf('decode', record.decode ?? {}),
    ...nullsOf('energy', record.energy ?? {}),
    ...nullsOf('roofline', record.roofline ?? {}),
    ...nullsOf('decode.runAhead.tokensPerSecond', record.decode?.runAhead?.tokensPerSecond ?? {}),
  ];
}

function nullsOf(prefix: string, figures: object): string[] {
  return Object.entries(figures).flatMap(([name, value]) =>
    value === null ? [`${prefix}.${name}`] : [],
  );
}

function missingReasons(record: BenchRecord): Flag[] {
  return absentFields(record)
    .filter((field) => !record.flags.some((flag) => explains(flag, field)))
    .map((field) => ({
      code: 'unknown',
      field,
      message: 'The engine or host does not tell this figure.',
    }));
}

/** Figures that are absent because others are. */
const CAUSES: Readonly<Record<string, string>> = {
  'cost.inputUsdPerMtok': 'prefill',
  'cost.outputUsdPerMtok': 'decode',
  'roofline.prefill': 'prefill',
  'roofline.decode': 'decode',
  'energy.prefill': 'prefill',
  'energy.decode': 'decode',
};

function explains(flag: Flag, field: string): boolean {
  if (flag.field === null) {
    // Remarks on the whole cell: it has no result at all, or none of its figures has an interval.
    if (flag.code === 'not-measured') return true;
    return flag.code === 'no-interval' && /\.(low|high)$/.test(field);
  }
  return [field, CAUSES[field]].some(
    (name) => name !== undefined && `${name}.`.startsWith(`${flag.field}.`),
  );
}
