import { z } from 'zod';
import { readYaml } from '../files/yaml-document.ts';
import type { Known } from '../quantity.ts';
import { CHANGE_SYNTAX, type ChangeKind, readYearlyFactor } from './change-rate.ts';
import { PERIOD_SYNTAX, readPeriodYears, readYearlyAmount } from './period.ts';

/** A scenario as a person names it. */
export interface NamedScenario {
  name: string;
  spendUsdPerYear: Known;
  priceFactorPerYear: Known;
  volumeFactorPerYear: Known;
}

export interface ScenarioFile {
  /** Null: left to the command line. */
  horizonYears: number | null;
  scenarios: NamedScenario[];
}

/** More make a file that no one reads. */
export const MOST_SCENARIOS = 25;
export const MOST_USD = 1e15;

const textOrNumber = z.union([z.number(), z.string().max(100)]);

const spendField = textOrNumber.transform((written, context): Known => {
  const read = readYearlyAmount(`${written}`);
  const [least, most] = [read?.low ?? read?.value ?? 0, read?.high ?? read?.value ?? 0];
  if (read !== null && least > 0 && most <= MOST_USD) return read;
  context.addIssue({
    code: 'custom',
    message: `expected USD above 0 a period, such as 1000000/year or 80000..90000/month`,
  });
  return z.NEVER;
});

function changeField(kind: ChangeKind) {
  return z
    .string()
    .max(100)
    .transform((written, context): Known => {
      const read = readYearlyFactor(written, kind);
      if (read !== null) return read;
      context.addIssue({ code: 'custom', message: `expected a change: ${CHANGE_SYNTAX[kind]}` });
      return z.NEVER;
    });
}

const horizonField = z
  .string()
  .max(40)
  .transform((written, context): number => {
    const years = readPeriodYears(written);
    if (years !== null) return years;
    context.addIssue({ code: 'custom', message: `expected a period: ${PERIOD_SYNTAX}` });
    return z.NEVER;
  });

const fileSchema = z
  .strictObject({
    spend: spendField.optional(),
    over: horizonField.optional(),
    scenarios: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(60),
          spend: spendField.optional(),
          priceDecline: changeField('decline'),
          demandGrowth: changeField('growth'),
        }),
      )
      .min(1)
      .max(MOST_SCENARIOS),
  })
  .superRefine(({ spend, scenarios }, context) => {
    scenarios.forEach((scenario, i) => {
      if (scenario.spend === undefined && spend === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['scenarios', i, 'spend'],
          message: 'expected a spend, here or for all at the top',
        });
      }
      if (scenarios.findIndex(({ name }) => name === scenario.name) !== i) {
        context.addIssue({
          code: 'custom',
          path: ['scenarios', i, 'name'],
          message: 'expected a name that no scenario before has',
        });
      }
    });
  });

/**
 * Scenarios of a YAML file: `spend` and `over` for all, then `scenarios` of `name`, `priceDecline`, `demandGrowth` and
 * perhaps a `spend` of their own. Throws `usage` with file, line and field.
 */
export function readScenarios(text: string, file: string): ScenarioFile {
  const { spend, over, scenarios } = readYaml(text, file, fileSchema);
  return {
    horizonYears: over ?? null,
    scenarios: scenarios.flatMap(({ name, priceDecline, demandGrowth, ...scenario }) => {
      const own = scenario.spend ?? spend;
      if (own === undefined) return [];
      return {
        name,
        spendUsdPerYear: own,
        priceFactorPerYear: priceDecline,
        volumeFactorPerYear: demandGrowth,
      };
    }),
  };
}
