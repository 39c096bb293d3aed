import { answerCurve } from '../../economics/capacity/curve-answer.ts';
import type { LoadCurve } from '../../economics/capacity/load-curve.ts';
import { readCurves } from '../../economics/capacity/read-curves.ts';
import { readTraffic } from '../../economics/capacity/read-traffic.ts';
import { recordCurves } from '../../economics/capacity/record-curves.ts';
import { MAX_CSV_CHARACTERS } from '../../economics/files/csv-table.ts';
import { capacityJson } from '../../report/cost/capacity-json.ts';
import { renderCapacity, type ShownCapacity } from '../../report/cost/capacity-text.ts';
import { plainText } from '../../report/format.ts';
import { EXIT, usageError } from '../failure.ts';
import { writeTextFile } from '../output.ts';
import { renderErlang } from './capacity-erlang.ts';
import {
  type CapacityArguments,
  type CapacityRequest,
  capacityRequest,
} from './capacity-options.ts';
import { measuredRecords } from './choose-records.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';

/**
 * Runs `mtok cost capacity`. Throws `usage` for options and files that are malformed, `io` for files that cannot be
 * read or written, `record` for records that cannot be read.
 */
export async function costCapacityCommand(
  curve: string | undefined,
  argv: CapacityArguments,
): Promise<number> {
  const text = argv.erlang ? renderErlang(curve, argv) : await renderCurves(curve, argv);
  if (argv.out === undefined) process.stdout.write(text);
  else await writeTextFile(argv.out, text);
  return EXIT.ok;
}

async function renderCurves(path: string | undefined, argv: CapacityArguments): Promise<string> {
  assertNoErlang(argv);
  const request = capacityRequest(argv);
  const { curves, notes } = await findCurves(path, argv.store, request);
  const shapes = await Promise.all(
    (argv.profile ?? []).map(async (file) =>
      readTraffic(await readCsvText(file, 'a traffic file'), file, request.binSeconds),
    ),
  );
  const question = { ...request.question, shapes };
  const answers = chosen(curves, argv.config).map((one) => answerCurve(one, question));
  const shown: ShownCapacity = { question, answers, notes };
  return resultText(
    argv,
    () => capacityJson(shown),
    () => renderCapacity(shown),
  );
}

async function findCurves(
  path: string | undefined,
  store: string | undefined,
  { gpuPrice, gpus, priceBasis }: CapacityRequest,
): Promise<{ curves: LoadCurve[]; notes: string[] }> {
  if ((path === undefined) === (store === undefined)) {
    throw usageError(
      path === undefined
        ? 'cost capacity got no load curve'
        : 'Give either a curve or --store, not both',
      'Name a CSV file, or the records of several batch sizes with --store.',
    );
  }
  if (path !== undefined) {
    return readCurves(await readCsvText(path, 'a load curve'), path, {
      gpuPrice,
      gpus,
      priceBasis,
    });
  }
  if (gpus !== null || priceBasis !== null) {
    throw usageError('--gpus and --price-basis are for files: a record is of one GPU');
  }
  const { records } = await measuredRecords(store ?? null);
  return { curves: recordCurves(records, gpuPrice), notes: [] };
}

function readCsvText(path: string, what: string): Promise<string> {
  return readTextFile(path, { what, maxBytes: MAX_CSV_CHARACTERS });
}

/** Those named exactly, or else those whose names hold a given text. Throws `usage` for a name of none. */
function chosen(curves: readonly LoadCurve[], names: readonly string[] | undefined): LoadCurve[] {
  if (names === undefined) return [...curves];
  const found = names.map((name) => {
    const same = curves.filter((curve) => curve.name === name);
    const alike = same.length > 0 ? same : curves.filter((curve) => curve.name.includes(name));
    if (alike.length > 0) return alike;
    const shown = curves.slice(0, 20).map((curve) => plainText(curve.name));
    throw usageError(
      `--config ${JSON.stringify(name.slice(0, 60))} names none of ${curves.length} configurations`,
      `There are ${shown.join(', ')}${curves.length > shown.length ? ', …' : ''}.`,
    );
  });
  return [...new Set(found.flat())];
}

function assertNoErlang(argv: CapacityArguments): void {
  const given = Object.entries({
    '--arrival-rate': argv.arrivalRate,
    '--service-seconds': argv.serviceSeconds,
    '--servers': argv.servers,
    '--max-wait-probability': argv.maxWaitProbability,
    '--max-wait-seconds': argv.maxWaitSeconds,
    '--server-price': argv.serverPrice,
  }).find(([, value]) => value !== undefined);
  if (given !== undefined) throw usageError(`${given[0]} needs --erlang`);
}
