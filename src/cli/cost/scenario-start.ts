import { exact, isKnown, type Known } from '../../economics/quantity.ts';
import { readYearlyAmount } from '../../economics/scenario/period.ts';
import { postedSpend } from '../../economics/scenario/posted-price.ts';
import { MOST_USD } from '../../economics/scenario/scenario-file.ts';
import type { ShownPostedPrice } from '../../report/cost/scenario-json.ts';
import { usageError } from '../failure.ts';
import { parseQuantity } from './quantity-option.ts';
import { parseBlend } from './tokens-options.ts';

/** Options that say what is spent at the start, as typed. */
export interface ScenarioStartArguments {
  spend?: string;
  mtok?: string;
  inputPrice?: string;
  outputPrice?: string;
  blend: string;
}

/** V₀·P₀: given, or from a volume and posted prices. Throws `usage`. */
export function startOf(
  argv: ScenarioStartArguments,
  seed: number,
): { spend: Known; posted: ShownPostedPrice | null } {
  if (argv.mtok === undefined) {
    const stray = argv.inputPrice ?? argv.outputPrice;
    if (stray !== undefined) {
      throw usageError(
        'Prices need a volume',
        'Give the million tokens of a period with --mtok 1000/month.',
      );
    }
    if (argv.spend === undefined) {
      throw usageError(
        'cost scenario got no spend',
        'Give USD a period with --spend 1000000/year, a volume and prices, or a file of scenarios.',
      );
    }
    return { spend: parseAmount(argv.spend, '--spend'), posted: null };
  }
  if (argv.spend !== undefined) throw usageError('Give either --spend or --mtok, not both');
  const price = (text: string | undefined, option: string) =>
    parseQuantity(text, { option, min: 0, max: 1e6 });
  const output = price(argv.outputPrice, '--output-price');
  const input = price(argv.inputPrice, '--input-price');
  const [blendInput, blendOutput] = parseBlend(argv.blend) ?? [exact(3), exact(1)];
  if (input === null && blendInput.value > 0) {
    throw usageError(
      '--mtok got no --input-price',
      'Give it, or charge output alone: --blend 0:1.',
    );
  }
  if (output === null && blendOutput.value > 0) {
    throw usageError('--mtok got no --output-price', 'Give USD per million output tokens.');
  }
  const inputs = {
    inputUsdPerMtok: input ?? exact(0),
    outputUsdPerMtok: output ?? exact(0),
    blendInput,
    blendOutput,
    mtokPerYear: parseAmount(argv.mtok, '--mtok'),
  };
  const results = postedSpend(inputs, { seed });
  const spend = results.spendUsdPerYear;
  if (!isKnown(spend) || spend.value <= 0) throw usageError('A spend of 0 has no scenarios');
  return { spend, posted: { inputs, results } };
}

/** USD or tokens above zero a year, from an amount a period. Throws `usage`. */
export function parseAmount(text: string, option: string): Known {
  const amount = readYearlyAmount(text, option);
  const [least, most] = [amount?.low ?? amount?.value ?? 0, amount?.high ?? amount?.value ?? 0];
  if (amount !== null && least > 0 && most <= MOST_USD) return amount;
  throw usageError(
    `${option} got ${shown(text)}, expected an amount above 0 a period`,
    `Such as ${option} 1000000/year, 80000..90000/month or 8.7e9/273 days.`,
  );
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
