import { exact, unknown } from '../../economics/quantity.ts';
import { monthlyBillOf } from '../../economics/tokens/monthly-bill.ts';
import { splitAllocations } from '../../economics/tokens/split-methods.ts';
import { type StepSplit, splitSteps } from '../../economics/tokens/split-steps.ts';
import { readEngineSteps } from '../../economics/tokens/split-steps-file.ts';
import { tokenEnergy } from '../../economics/tokens/token-energy.ts';
import type { TokenExtras } from '../../report/cost/token-extras.ts';
import { usageError } from '../failure.ts';
import { parseInteger } from '../numbers.ts';
import { parseQuantity } from './quantity-option.ts';
import { readTextFile } from './read-text-file.ts';
import type { CostSubject, CostTokensArguments } from './tokens-options.ts';

const MOST_REQUESTS = 1e15;
const STEPS_FILE = { what: 'a CSV of steps', maxBytes: 128 * 2 ** 20 };

/** The split of the steps in the file that --steps names; null without. Throws `io` and `usage`. */
export async function readStepSplit(path: string | undefined, seed: number) {
  if (path === undefined) return null;
  return splitSteps(readEngineSteps(await readTextFile(path, STEPS_FILE), path), { seed });
}

/** `--requests-per-month`; null when not given. Throws `usage`. */
export function requestsPerMonth(argv: CostTokensArguments) {
  const rule = { option: '--requests-per-month', min: 0, max: MOST_REQUESTS, isMinAllowed: false };
  return parseQuantity(argv.requestsPerMonth, rule);
}

/** What the options ask for beyond prices. Throws `usage`. */
export function tokenExtras(
  argv: CostTokensArguments,
  { record, inputs, allocationMethod }: CostSubject,
  stepSplit: StepSplit | null,
  seed: number,
): TokenExtras {
  const requests = requestsPerMonth(argv);
  const given = parseInteger(argv.batch, { option: '--batch', min: 1, max: 1e6 });
  const batch = given ?? record?.cell.workload.batch ?? null;
  if (argv.energy && record === null) {
    throw usageError('--energy needs a record that measured it', 'Name one with --record.');
  }
  const sequences =
    batch === null
      ? unknown('rules that count the sequences of a batch need --batch')
      : exact(batch);
  return {
    allocationMethod,
    allocations: argv.allocation ? splitAllocations({ ...inputs, batch: sequences }, { seed }) : [],
    batch,
    stepFit: stepSplit?.fit ?? null,
    monthly: requests && {
      requests,
      figures: monthlyBillOf({ ...inputs, requestsPerMonth: requests }, { seed }),
    },
    energy: argv.energy && record !== null ? tokenEnergy(record, inputs) : null,
  };
}
