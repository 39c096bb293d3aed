import { BenchError } from '../../core/errors.ts';
import type { BenchRecord } from '../../core/record.ts';
import { MAX_YAML_CHARACTERS, yamlLine } from '../../economics/files/yaml-document.ts';
import { leverEffects } from '../../economics/levers/lever-effects.ts';
import { leverRecords, recordsNamed } from '../../economics/levers/lever-records.ts';
import { findApiPrice } from '../../economics/prices/lookup.ts';
import type { ModelPrice } from '../../economics/task/model-price.ts';
import { modelPrices } from '../../economics/task/model-prices.ts';
import { readUnitFile } from '../../economics/task/read-unit-file.ts';
import { unitCost } from '../../economics/task/unit-cost.ts';
import type { UnitFile } from '../../economics/task/unit-file.ts';
import type { ShownLevers } from '../../report/cost/levers-lines.ts';
import { EXAMPLE_UNIT } from '../../report/cost/task-example.ts';
import { type ShownTask, taskJson } from '../../report/cost/task-json.ts';
import { renderTask } from '../../report/cost/task-text.ts';
import { plainText } from '../../report/format.ts';
import { EXIT } from '../failure.ts';
import { chooseRecords } from './choose-records.ts';
import { loadPriceBook } from './price-book.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';
import { type CostTaskArguments, type TaskRequest, taskRequest } from './task-options.ts';

const FILE_RULE = { what: 'a YAML file of a unit of work', maxBytes: MAX_YAML_CHARACTERS };

/**
 * Runs `mtok cost task`. Throws `usage` for options and files that are wrong and names that nothing has, `io` and
 * `record` for files that cannot be read.
 */
export async function costTaskCommand(
  file: string | null,
  argv: CostTaskArguments,
): Promise<number> {
  if (argv.example) {
    process.stdout.write(EXAMPLE_UNIT);
    return EXIT.ok;
  }
  const shown = await shownTask(taskRequest(file, argv));
  process.stdout.write(
    resultText(
      argv,
      () => taskJson(shown),
      () => renderTask(shown),
    ),
  );
  return EXIT.ok;
}

async function shownTask(request: TaskRequest): Promise<ShownTask> {
  const { day, draws, seed } = request;
  const file = plainText(request.file);
  const text = await readTextFile(request.file, FILE_RULE);
  const unit = readUnitFile(text, file);
  const where: Where = { file, text };
  const records = await recordsOf(unit, where, request.store);
  const hasApis = Object.values(unit.models).some(({ kind }) => kind === 'api');
  const book = hasApis ? await loadPriceBook(request.prices) : null;
  const prices = modelPrices(unit, {
    record: (model) => records.get(model) as BenchRecord,
    api: (model, name) =>
      inField(where, ['models', model, 'api'], () => findApiPrice(book ?? NO_BOOK, name, day)),
  });
  return {
    unit,
    prices,
    cost: unitCost(unit, prices, { seed, draws, units: draws }),
    levers: await shownLevers(unit, prices, records, where, request),
    flags: [...records.values()].flatMap(({ flags }) =>
      flags.filter(({ code }) => code === 'software-adapter'),
    ),
    book: book && { sha256: book.sha256, day },
    seed,
  };
}

const NO_BOOK = { apis: [] };

/** The record of each model that has one. */
async function recordsOf(
  { models }: UnitFile,
  where: Where,
  store: string | null,
): Promise<Map<string, BenchRecord>> {
  const records = new Map<string, BenchRecord>();
  for (const [name, spec] of Object.entries(models)) {
    if (spec.kind !== 'record') continue;
    const field = ['models', name, 'record'];
    const [record] = await chooseRecords([spec.record], store, fieldText(where, field));
    if (record !== undefined) records.set(name, record);
  }
  return records;
}

/** What the levers of the file do; null where it has none. */
async function shownLevers(
  unit: UnitFile,
  prices: Readonly<Record<string, ModelPrice>>,
  records: ReadonlyMap<string, BenchRecord>,
  where: Where,
  { store, draws, seed }: TaskRequest,
): Promise<ShownLevers | null> {
  if (unit.levers.length === 0) return null;
  const named = new Map<string, BenchRecord>();
  for (const { path, id } of recordsNamed(unit.levers)) {
    const [record] = await chooseRecords([id], store, fieldText(where, path));
    if (record !== undefined) named.set(id, record);
  }
  const { rates, notes } = leverRecords(unit, {
    ofModel: (model) => records.get(model) as BenchRecord,
    byId: (id) => named.get(id) as BenchRecord,
  });
  return { effects: leverEffects({ unit, prices, rates }, unit.levers, { seed, draws }), notes };
}

/** The file that a name is in. */
interface Where {
  file: string;
  text: string;
}

/** `unit.yaml:7: models.small.record:` */
function fieldText({ file, text }: Where, path: readonly string[]): string {
  const line = yamlLine(text, path);
  return `${file}${line === null ? '' : `:${line}`}: ${path.join('.')}:`;
}

/** What `find` gives; a name that nothing has is refused with the field that it is in. */
function inField<T>(where: Where, path: readonly string[], find: () => T): T {
  try {
    return find();
  } catch (cause) {
    if (!(cause instanceof BenchError)) throw cause;
    const { code, message, hint } = cause;
    const options = hint === undefined ? { cause } : { hint, cause };
    throw new BenchError(code, `${fieldText(where, path)} ${message}`, options);
  }
}
