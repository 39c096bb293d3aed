import { z } from 'zod';
import { BenchError } from '../../core/errors.ts';
import { readYaml } from '../files/yaml-document.ts';
import { checkLevers, leversField, readLever } from '../levers/lever-schema.ts';
import { exact } from '../quantity.ts';
import { quantityField } from '../read-quantity.ts';
import { named, nameField, priceField } from './fields.ts';
import { modelSchema, readModel } from './model-schema.ts';
import { readStep, stepNames, stepSchema } from './step-schema.ts';
import { checkReferences } from './unit-checks.ts';
import { LIMITS, type UnitFile } from './unit-file.ts';

const schema = z
  .strictObject({
    unit: nameField,
    postedCallUsd: priceField.optional(),
    claimedUsd: quantityField({ max: 1e9 }).optional(),
    successRate: quantityField({ min: 1e-9, max: 1 }).optional(),
    models: z
      .record(nameField, modelSchema)
      .refine((models) => Object.keys(models).length <= LIMITS.models, {
        message: `expected at most ${LIMITS.models} models`,
      })
      .default({}),
    // Counted before any of them is read: a million steps end here.
    steps: z
      .array(z.unknown())
      .min(1, 'expected at least one step')
      .max(LIMITS.steps, `expected at most ${LIMITS.steps} steps`)
      .pipe(z.array(stepSchema)),
    levers: leversField,
  })
  .superRefine(checkReferences)
  .superRefine(({ levers, models, steps }, context) => {
    const names = stepNames(steps);
    const all = steps.map((step, i) => ({ ...step, name: names[i] ?? step.kind }));
    checkLevers({ levers, models, steps: all }, context);
  })
  .transform(
    ({ unit, postedCallUsd, claimedUsd, successRate, models, steps, levers }): UnitFile => {
      const names = stepNames(steps);
      return {
        unit,
        postedCallUsd: postedCallUsd === undefined ? null : named(postedCallUsd, 'postedCallUsd'),
        claimedUsd: claimedUsd === undefined ? null : named(claimedUsd, 'claimedUsd'),
        successRate: named(successRate ?? exact(1), 'successRate'),
        models: Object.fromEntries(
          Object.entries(models).map(([name, model]) => [name, readModel(model, `models.${name}`)]),
        ),
        steps: steps.map((step, i) => readStep(step, names[i] ?? step.kind)),
        levers: levers.map(readLever),
      };
    },
  );

/** Reads the file of a unit of work. `file` is its name, for messages. Throws `usage` with file, line and field. */
export function readUnitFile(text: string, file: string): UnitFile {
  if (text.length > LIMITS.characters) {
    throw new BenchError(
      'usage',
      `${file} has ${text.length} characters, expected a unit of at most ${LIMITS.characters}`,
      { hint: 'Give repeated steps once, with the number of their calls.' },
    );
  }
  return readYaml(text, file, schema as z.ZodType<UnitFile>);
}
