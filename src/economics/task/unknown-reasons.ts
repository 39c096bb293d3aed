import { isKnown, type Quantity } from '../quantity.ts';
import type { Bind } from './bind.ts';
import { expectStep, type StepExpectation } from './expectation.ts';
import type { ModelPrice } from './model-price.ts';
import { plainUnit } from './plain-unit.ts';
import type { UnitFile, UnitStep } from './unit-file.ts';

type Prices = Readonly<Record<string, ModelPrice>>;

/** Why each step's cost is unknown: the prices without which it is still no number. Null where it is known. */
export function stepReasons(
  unit: UnitFile,
  prices: Prices,
  expected: readonly StepExpectation[],
): (string | null)[] {
  return unit.steps.map((step, i) =>
    Number.isNaN(expected[i]?.usd ?? 0) ? reasonOf(unit, step, prices) : null,
  );
}

function reasonOf(unit: UnitFile, step: UnitStep, prices: Prices): string {
  const unknowns = new Map<string, string>();
  const usdOf = (bind: Bind) => {
    const [plain] = plainUnit({ ...unit, steps: [step] }, prices, bind).steps;
    return plain === undefined ? Number.NaN : expectStep(plain).usd;
  };
  usdOf((key, figure) => {
    if (!isKnown(figure)) unknowns.set(key, figure.reason);
    return figure.value ?? Number.NaN;
  });
  const filled = (figure: Quantity) => figure.value ?? 1;
  const matters = [...unknowns.keys()].filter((missing) =>
    Number.isNaN(usdOf((key, figure) => (key === missing ? Number.NaN : filled(figure)))),
  );
  const reasons = matters.map((key) => unknowns.get(key) ?? key);
  return reasons.length === 0
    ? `the cost of ${step.name} is not defined for these figures`
    : [...new Set(reasons)].join('; ');
}

/** The reasons of several steps in one line. */
export function joinedReasons(reasons: readonly (string | null)[]): string {
  const MOST = 3;
  const distinct = [...new Set(reasons.filter((reason) => reason !== null))];
  const rest = distinct.length - MOST;
  return [...distinct.slice(0, MOST), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
