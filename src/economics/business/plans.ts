import { z } from 'zod';
import { readYaml } from '../files/yaml-document.ts';

/** USD a month that a customer pays, by plan. */
export type PlanPrices = ReadonlyMap<string, number>;

const MOST_PLANS = 10_000;

const schema = z.strictObject({
  plans: z
    .record(
      z.string().min(1).max(200),
      z.strictObject({ usd_per_month: z.number().min(0).max(1e9) }),
    )
    .refine((plans) => Object.keys(plans).length > 0, 'expected at least one plan')
    .refine((plans) => Object.keys(plans).length <= MOST_PLANS, `at most ${MOST_PLANS} plans`),
});

/** Reads `plans: { pro: { usd_per_month: 29 } }`. Throws `usage` with file, line and field. */
export function readPlans(text: string, file: string): PlanPrices {
  const { plans } = readYaml(text, file, schema);
  return new Map(Object.entries(plans).map(([name, plan]) => [name, plan.usd_per_month]));
}
