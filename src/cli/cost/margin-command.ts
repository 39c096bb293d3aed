import { cloudEfficiencyRate, rateChange } from '../../economics/business/margin.ts';
import { readPlans } from '../../economics/business/plans.ts';
import { type UsageMargins, usageMargins } from '../../economics/business/usage-margins.ts';
import { MAX_CSV_CHARACTERS } from '../../economics/files/csv-table.ts';
import { MAX_YAML_CHARACTERS } from '../../economics/files/yaml-document.ts';
import { propagate } from '../../economics/propagate.ts';
import { exact } from '../../economics/quantity.ts';
import { marginsCsv } from '../../report/cost/margin-csv.ts';
import {
  type CloudEfficiency,
  marginsJson,
  type ShownMargins,
} from '../../report/cost/margin-json.ts';
import { renderMargins } from '../../report/cost/margin-text.ts';
import { EXIT } from '../failure.ts';
import { parseDecimal, parseInteger } from '../numbers.ts';
import { assertWritable, writeTextFile } from '../output.ts';
import { parseDay } from './day-option.ts';
import {
  type CostMarginArguments,
  parseBy,
  parseConvention,
  parseIdle,
  parseTargets,
  usagePricing,
} from './margin-options.ts';
import { loadPriceBook } from './price-book.ts';
import { parseShare } from './quantity-option.ts';
import { readTextFile } from './read-text-file.ts';
import { resultText } from './result-text.ts';

/** More of them would be a text longer than Node can hold. */
const MOST_JSON_GROUPS = 50_000;

/** Runs `mtok cost margin`. Throws `usage` for options and files that are wrong, `io` for files that cannot be read. */
export async function costMarginCommand(file: string, argv: CostMarginArguments): Promise<number> {
  const seed = parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0;
  const top = parseInteger(argv.top, { option: '--top', min: 1, max: 100_000 }) ?? 20;
  const cer = cloudOptions(argv);
  const options = {
    by: parseBy(argv.by),
    targets: parseTargets(argv.targetMargin),
    cacheConvention: parseConvention(argv.cacheTokens),
    day: parseDay(argv.day, '--day'),
    most: mostGroups(argv, top),
    idle: parseIdle(argv),
    seed,
  };
  const postedUsdPerRequest = positive(argv.postedUsdPerRequest, '--posted-usd-per-request');
  if (argv.csv !== undefined) await assertWritable(argv.csv);
  const { priceOf, source } = await usagePricing(argv, () => loadPriceBook(argv.prices));
  const plans =
    argv.plans === undefined
      ? null
      : readPlans(
          await readTextFile(argv.plans, { what: 'a plans file', maxBytes: MAX_YAML_CHARACTERS }),
          argv.plans,
        );
  const usage = await readTextFile(file, { what: 'a usage file', maxBytes: MAX_CSV_CHARACTERS });
  const margins = usageMargins(usage, file, { ...options, priceOf, plans });
  const shown: ShownMargins = {
    file,
    margins,
    priceSource: options.idle === null ? source : `${source}; ${idleText(options.idle)}`,
    revenueSource: revenueSource(margins, argv.plans),
    plansBelongToCustomers: plans !== null,
    cloudEfficiency: cer === null ? null : cloudEfficiency(margins, cer),
    postedUsdPerRequest,
    day: options.day,
    seed,
  };
  if (argv.csv !== undefined) await writeTextFile(argv.csv, marginsCsv(margins));
  const first = (most: number) => ({
    ...shown,
    margins: { ...margins, groups: margins.groups.slice(0, most) },
  });
  process.stdout.write(
    resultText(
      argv,
      () => marginsJson(first(MOST_JSON_GROUPS)),
      () => renderMargins(first(top)),
    ),
  );
  return EXIT.ok;
}

/** Groups to work out: those that are shown; the others need only be counted. */
function mostGroups({ json, csv }: CostMarginArguments, top: number): number | null {
  if (csv !== undefined) return null;
  return json ? MOST_JSON_GROUPS : top;
}

function revenueSource({ total }: UsageMargins, plans: string | undefined): string | null {
  if (plans !== undefined) return `prices of plans in ${plans}, by customer and month`;
  return total.revenueUsd.value === null ? null : 'revenue_usd';
}

function positive(text: string | undefined, option: string): number | null {
  return parseDecimal(text, { option, min: 1e-9, max: 1e9 });
}

interface CloudOptions {
  cloudUsd: number | null;
  before: number | null;
}

function cloudOptions({ cloudUsd, cerBefore }: CostMarginArguments): CloudOptions | null {
  if (cloudUsd === undefined && cerBefore === undefined) return null;
  return {
    cloudUsd: parseDecimal(cloudUsd, { option: '--cloud-usd', min: 0, max: 1e15 }),
    before: parseShare(cerBefore, { option: '--cer-before', min: 0, max: 0.9999 })?.value ?? null,
  };
}

function cloudEfficiency(
  { total: { revenueUsd, cogsUsd } }: UsageMargins,
  { cloudUsd, before }: CloudOptions,
): CloudEfficiency {
  const cost = cloudUsd === null ? cogsUsd : exact(cloudUsd);
  const { rate } = propagate({ revenueUsd, cost }, (usd) => ({
    rate: cloudEfficiencyRate(usd.revenueUsd, usd.cost),
  }));
  const change = before === null || rate.value === null ? null : rateChange(before, rate.value);
  return { cloudUsd, rate, before, change };
}

function idleText({ usd, rule }: NonNullable<ReturnType<typeof parseIdle>>): string {
  return `$${usd} of idle machines put on the groups ${rule === 'even' ? 'alike' : 'by cost'}`;
}
