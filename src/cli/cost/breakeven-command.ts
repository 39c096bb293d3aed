import { cellName } from '../../core/cell-name.ts';
import { type BreakEven, breakEven } from '../../economics/business/break-even.ts';
import { peakToMean, volumeCosts } from '../../economics/business/volume-costs.ts';
import { isKnown } from '../../economics/quantity.ts';
import { recordCaveats } from '../../economics/tokens/record-caveats.ts';
import { breakEvenJson, type ShownBreakEven } from '../../report/cost/breakeven-json.ts';
import { renderBreakEven } from '../../report/cost/breakeven-text.ts';
import { EXIT } from '../failure.ts';
import { breakEvenSubject } from './breakeven-inputs.ts';
import {
  type CostBreakevenArguments,
  parseProfile,
  parseSeed,
  parseVolumes,
} from './breakeven-options.ts';
import { chooseRecords } from './choose-records.ts';
import { loadPriceBook } from './price-book.ts';
import { resultText } from './result-text.ts';

/** Volumes to show where no others are asked for, in break-even volumes and in full deployments. */
const AROUND_BREAK_EVEN = [0.5, 0.9, 1.1, 2];
const AROUND_CAPACITY = [0.5, 1, 1.5];

/** Runs `mtok cost breakeven`. Throws `usage` for options and names, `io` and `record` for files that cannot be read. */
export async function costBreakevenCommand(argv: CostBreakevenArguments): Promise<number> {
  const seed = parseSeed(argv.seed);
  const asked = parseVolumes(argv.volume);
  const profile = parseProfile(argv.profile);
  const ids = argv.record === undefined ? [] : [argv.record];
  const [record = null] = ids.length === 0 ? [] : await chooseRecords(ids, argv.store ?? null);
  const { basis: sides, ...subject } = await breakEvenSubject(argv, record, () =>
    loadPriceBook(argv.prices),
  );
  const basis = { ...sides, peakToMean: peakToMean(profile) };
  const answer = breakEven(subject.inputs, basis, { seed });
  const shown: ShownBreakEven = {
    ...subject,
    record: record && {
      id: record.id,
      name: cellName(record.cell),
      device: record.device?.name ?? 'unknown',
      promptTokens: record.cell.workload.promptTokens,
      generatedTokens: record.cell.workload.generatedTokens,
      batch: record.cell.workload.batch,
    },
    breakEven: answer,
    volumes: volumesOf(answer, asked).map((mtok) =>
      volumeCosts(subject.inputs, basis, mtok, profile, { seed }),
    ),
    asked,
    profile,
    flags: record === null ? [] : recordCaveats(record, argv.gpu ?? null),
    seed,
  };
  process.stdout.write(
    resultText(
      argv,
      () => breakEvenJson(shown),
      () => renderBreakEven(shown),
    ),
  );
  return EXIT.ok;
}

/** The volumes asked for, and some around break-even and around what the deployment serves; smallest first. */
function volumesOf(
  { verdict, mtokPerMonth, results }: BreakEven,
  asked: readonly number[],
): number[] {
  const { servableMtok } = results;
  if (!isKnown(servableMtok)) return [...asked].sort((a, b) => a - b);
  const around = (volume: number, times: readonly number[]) =>
    times.map((factor) => Number((factor * volume).toPrecision(3)));
  const chosen = [
    ...asked,
    ...around(servableMtok.value, AROUND_CAPACITY),
    ...(verdict === 'at' && isKnown(mtokPerMonth)
      ? around(mtokPerMonth.value, AROUND_BREAK_EVEN)
      : []),
  ];
  return [...new Set(chosen)].sort((a, b) => a - b);
}
