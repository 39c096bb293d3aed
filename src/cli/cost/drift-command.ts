import { basename } from 'node:path';
import { cellName } from '../../core/cell-name.ts';
import { sessionProblem } from '../../core/session-flags.ts';
import { isKnownPoint, readCostSeries } from '../../economics/drift/cost-series-file.ts';
import { detectDrift } from '../../economics/drift/detect.ts';
import { recordPoints, sameCell } from '../../economics/drift/record-points.ts';
import { type CostPoint, costCv, type UnknownPoint } from '../../economics/drift/unit-cost.ts';
import { MAX_CSV_CHARACTERS } from '../../economics/files/csv-table.ts';
import { driftJson, type ShownDrift } from '../../report/cost/drift-json.ts';
import { renderDrift } from '../../report/cost/drift-text.ts';
import { readStore, storePath } from '../../store/jsonl.ts';
import { readSessionRecords, sessionStorePath } from '../../store/session-records.ts';
import { EXIT, usageError } from '../failure.ts';
import { readNoise } from '../noise-of-stores.ts';
import { chooseRecords } from './choose-records.ts';
import { type CostDriftArguments, type DriftRequest, driftRequest } from './drift-options.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';

const DEFAULT_LAST = 20;
const FILE_RULE = { what: 'a CSV file of costs', maxBytes: MAX_CSV_CHARACTERS };

/** Where costs come from, and what they are of. */
interface Series {
  title: string;
  unit: 'unit' | 'Mtok';
  points: (CostPoint | UnknownPoint)[];
}

/** Runs `mtok cost drift`. Throws `usage` for options, files and too few points, `io` and `record` for a store. */
export async function costDriftCommand(
  file: string | null,
  argv: CostDriftArguments,
): Promise<number> {
  const request = driftRequest(file, argv);
  const { source } = request;
  const series =
    'file' in source
      ? await seriesOfFile(source.file, request)
      : await seriesOfRecords(source.record, source.store, request);
  const shown = shownDrift(series, request);
  process.stdout.write(
    resultText(
      argv,
      () => driftJson(shown, request.last),
      () => renderDrift(shown, request.last ?? DEFAULT_LAST),
    ),
  );
  return request.failOn !== null && hasDrifted(shown, request.failOn) ? EXIT.regression : EXIT.ok;
}

async function seriesOfFile(path: string, { throughputCv }: DriftRequest): Promise<Series> {
  const name = basename(path);
  const text = await readTextFile(path, FILE_RULE);
  const { points, hasOwnUnit } = readCostSeries(text, name, throughputCv);
  return { title: name, unit: hasOwnUnit ? 'unit' : 'Mtok', points };
}

async function seriesOfRecords(
  id: string,
  store: string | null,
  { phase, usdPerHour, throughputCv }: DriftRequest,
): Promise<Series> {
  const [record] = await chooseRecords([id], store);
  if (record === undefined) throw usageError('--record names no record');
  const { records } = await readStore(storePath(store));
  const measured = sameCell(
    record,
    records.filter(({ outcome }) => outcome.status === 'ok'),
  );
  const { records: sessions } = await readSessionRecords(sessionStorePath(store));
  const invalid = measured.filter(({ run }) => sessionProblem(run, sessions) !== null);
  const invalidRuns = new Set(invalid.map(({ run }) => run));
  const noise = await readNoise([store]);
  const options = { phase, usdPerHour, throughputCv, noise, invalidRuns };
  return {
    title: `${phase} of ${cellName(record.cell)} on ${record.device?.name ?? 'unknown'}`,
    unit: 'Mtok',
    points: recordPoints(measured, options),
  };
}

function shownDrift(series: Series, request: DriftRequest): ShownDrift {
  const { baselinePoints, since, z, seed } = request;
  const points = series.points.filter(({ at }) => since === null || at >= since);
  const isJudged = (point: CostPoint | UnknownPoint): point is CostPoint =>
    isKnownPoint(point) && costCv(point) !== null;
  const judged = points.filter(isJudged);
  const unjudged = points.flatMap((point) =>
    isJudged(point) ? [] : [{ at: point.at, source: point.source, reason: reasonOf(point) }],
  );
  assertEnough(judged.length, unjudged, series, request);
  const newest = points.at(-1);
  if (request.failOn !== null && newest !== undefined && !isJudged(newest)) {
    throw usageError(
      `--fail-on-drift cannot judge the newest point of ${series.title} (${newest.at}): ${reasonOf(newest)}`,
      'Complete it or leave it out: what is not known has not passed.',
    );
  }
  const drift = detectDrift(judged, { baselinePoints, z, seed });
  const { title, unit } = series;
  return { title, unit, drift, unjudged, hasGivenZ: z !== null, seed };
}

function reasonOf(point: CostPoint | UnknownPoint): string {
  return isKnownPoint(point) ? `the noise of ${point.source} is not known` : point.reason;
}

function assertEnough(
  judged: number,
  unjudged: readonly UnknownPoint[],
  { title }: Series,
  { baselinePoints, since }: DriftRequest,
): void {
  if (judged > baselinePoints) return;
  const [first] = unjudged;
  const after = since === null ? '' : ` since ${since}`;
  throw usageError(
    `${title} has ${judged} points whose cost and noise are known${after}, expected at least ${baselinePoints + 1}` +
      `${first === undefined ? '' : `: ${first.reason}`}`,
    first === undefined
      ? 'A drift is a difference from earlier points: measure again, or start earlier.'
      : 'Give intervals of the throughput (tokens_per_second_low and _high), or its spread with --cv 3%.',
  );
}

function hasDrifted({ drift }: ShownDrift, failOn: 'rises' | 'any'): boolean {
  const newest = drift.judged.at(-1);
  if (newest === undefined) return false;
  return [newest.jump, newest.slow].some(
    ({ isAlarm, logChange }) => isAlarm && (failOn === 'any' || logChange > 0),
  );
}
