import { cellName } from '../../core/cell-name.ts';
import { tornado } from '../../economics/propagate.ts';
import { recordCaveats } from '../../economics/tokens/record-caveats.ts';
import { type CostInput, tokenCosts, tokenCostsOf } from '../../economics/tokens/token-costs.ts';
import { type ShownTokenCosts, tokenCostsJson } from '../../report/cost/token-costs-json.ts';
import { renderTokenCosts } from '../../report/cost/token-costs-text.ts';
import type { TokenExtras } from '../../report/cost/token-extras.ts';
import { EXIT } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { chooseRecords } from './choose-records.ts';
import { givenPrice } from './given-price.ts';
import { resultText } from './result-text.ts';
import { readStepSplit, tokenExtras } from './tokens-extras.ts';
import { writeTokensFocus } from './tokens-focus.ts';
import { type CostSubject, type CostTokensArguments, costSubjects } from './tokens-options.ts';

/** Runs `mtok cost tokens`. Throws `usage` for options and ids, `io` and `record` for a store that cannot be read. */
export async function costTokensCommand(argv: CostTokensArguments): Promise<number> {
  const seed = parseInteger(argv.seed, { option: '--seed', min: 0, max: 2 ** 31 }) ?? 0;
  const ids = argv.record ?? [];
  const records = ids.length === 0 ? [] : await chooseRecords(ids, argv.store ?? null);
  const stepSplit = await readStepSplit(argv.steps, seed);
  const price = await givenPrice(argv);
  const subjects = costSubjects(argv, records, stepSplit, price);
  const shown = subjects.map((subject) =>
    costs(subject, seed, {
      extras: tokenExtras(argv, subject, stepSplit, seed),
      gpu: argv.gpu ?? null,
      withTornado: argv.tornado ?? false,
    }),
  );
  await writeTokensFocus(argv, subjects, seed);
  const toJson = () => {
    const all = shown.map(tokenCostsJson);
    return all.length === 1 ? all[0] : all;
  };
  process.stdout.write(resultText(argv, toJson, () => shown.map(renderTokenCosts).join('\n')));
  return EXIT.ok;
}

function costs(
  { record, inputs, priceSource }: CostSubject,
  seed: number,
  { extras, gpu, withTornado }: { extras: TokenExtras; gpu: string | null; withTornado: boolean },
): ShownTokenCosts {
  return {
    record:
      record === null
        ? null
        : { id: record.id, name: cellName(record.cell), device: record.device?.name ?? 'unknown' },
    inputs,
    results: tokenCostsOf(inputs, { seed }),
    tornado: withTornado
      ? tornado<CostInput, 'usdPerRequest'>(inputs, tokenCosts, 'usdPerRequest')
      : [],
    priceSource,
    flags: record === null ? [] : recordCaveats(record, gpu),
    extras,
    seed,
  };
}
