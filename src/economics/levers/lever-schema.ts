import { z } from 'zod';
import { exact } from '../quantity.ts';
import { quantityField } from '../read-quantity.ts';
import { named, nameField, shareField } from '../task/fields.ts';
import {
  type DeploymentChange,
  LEVER_KINDS,
  type Lever,
  type LeverBasis,
  type LeverKind,
  MOST_LEVERS,
} from './lever.ts';

const MOST_STEPS = 1000;

const fields = z.strictObject({
  name: nameField,
  kind: z.enum(LEVER_KINDS),
  assumed: z.literal(true).optional(),
  source: nameField.optional(),
  successRate: quantityField({ min: 1e-9, max: 1 }).optional(),
  steps: z.array(nameField).min(1).max(MOST_STEPS).optional(),
  inputShare: quantityField({ min: 1e-6, max: 1 }).optional(),
  answeredShare: shareField.optional(),
  cachedShare: shareField.optional(),
  callsShare: shareField.optional(),
  model: nameField.optional(),
  to: nameField.optional(),
  costFactor: quantityField({ min: 1e-6, max: 1e6 }).optional(),
  record: nameField.optional(),
  fromRecord: nameField.optional(),
});
type Fields = z.output<typeof fields>;
type Field = keyof Fields & string;

const COMMON: readonly Field[] = ['name', 'kind', 'assumed', 'source', 'successRate'];
const OF_DEPLOYMENT = {
  needed: ['model'],
  others: ['costFactor', 'record', 'fromRecord'],
} as const;

/** What each kind must say and may say beside what all may. */
const FIELDS: Readonly<Record<LeverKind, { needed: readonly Field[]; others: readonly Field[] }>> =
  {
    'context-trimmed': { needed: ['inputShare'], others: ['steps'] },
    'response-cache': { needed: ['answeredShare'], others: ['steps'] },
    'prefix-cache': { needed: [], others: ['cachedShare', 'steps'] },
    'fewer-steps': { needed: ['steps'], others: ['callsShare'] },
    'smaller-model': { needed: ['model', 'to'], others: ['steps'] },
    quantisation: OF_DEPLOYMENT,
    batching: OF_DEPLOYMENT,
  };

const leverSchema = fields.superRefine((lever, context) => {
  const problem = problemOf(lever);
  if (problem !== null) {
    context.addIssue({ code: 'custom', path: [problem.field], message: problem.message });
  }
});

/** `levers` of a unit's file. */
export const leversField = z
  .array(z.unknown())
  .max(MOST_LEVERS)
  .pipe(z.array(leverSchema))
  .default([]);

function problemOf(lever: Fields): { field: Field; message: string } | null {
  const { needed, others } = FIELDS[lever.kind];
  const given = (field: Field) => lever[field] !== undefined;
  const missing = needed.find((field) => !given(field));
  if (missing !== undefined) return { field: missing, message: `is needed for ${lever.kind}` };
  const allowed = [...COMMON, ...needed, ...others];
  const strange = (Object.keys(lever) as Field[]).find((field) => !allowed.includes(field));
  if (strange !== undefined) return { field: strange, message: `is nothing of ${lever.kind}` };
  if (others.includes('costFactor') && given('costFactor') === given('record')) {
    return { field: 'costFactor', message: 'expected either costFactor or record' };
  }
  if (given('fromRecord') && !given('record')) {
    return { field: 'fromRecord', message: 'needs record, the one measured after' };
  }
  return basisProblem(lever);
}

/** A reader must see what was measured and what was not. */
function basisProblem(lever: Fields): { field: Field; message: string } | null {
  const bases = ['assumed', 'source', 'record', 'to'] as const;
  const [basis, another] = bases.filter((field) => lever[field] !== undefined);
  if (basis === undefined) {
    return {
      field: 'assumed',
      message: 'say what the figures rest on: assumed: true, a source, or a record',
    };
  }
  return another === undefined
    ? null
    : { field: basis, message: `does not go with ${another}: figures rest on one thing` };
}

interface Referring {
  levers: readonly Fields[];
  models: Readonly<Record<string, unknown>>;
  /** With the fields that levers act on. */
  steps: readonly { name: string; model?: string | undefined; turns?: unknown }[];
}

/** Names that levers refer to: each must be in the file, and each lever must have something to act on. */
export function checkLevers({ levers, models, steps }: Referring, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  levers.forEach((lever, i) => {
    const refuse = (field: Field, message: string, ...rest: PropertyKey[]) =>
      context.addIssue({ code: 'custom', path: ['levers', i, field, ...rest], message });
    if (seen.has(lever.name)) refuse('name', 'another lever has this name');
    seen.add(lever.name);
    for (const field of ['model', 'to'] as const) {
      const name = lever[field];
      if (name !== undefined && !Object.hasOwn(models, name)) {
        refuse(field, 'names no model of this file');
      }
    }
    lever.steps?.forEach((name, at) => {
      if (!steps.some((step) => step.name === name)) {
        refuse('steps', 'names no step of this file', at);
      }
    });
    const isMeant = ({ name }: { name: string }) => lever.steps?.includes(name) ?? true;
    if (lever.kind === 'prefix-cache' && lever.cachedShare === undefined) {
      if (!steps.some((step) => isMeant(step) && step.turns !== undefined)) {
        refuse('cachedShare', 'is needed where no conversation is meant');
      }
    }
    if (lever.kind === 'smaller-model' && !steps.some(({ model }) => model === lever.model)) {
      refuse('model', 'answers no step of this file');
    }
  });
}

export function readLever(lever: Fields): Lever {
  const key = `levers.${lever.name}`;
  const { name, inputShare, answeredShare, cachedShare, callsShare } = lever;
  const steps = lever.steps ?? null;
  const { model = '', to = '', successRate } = lever;
  const common = {
    name,
    basis: basisOf(lever),
    successRate: successRate === undefined ? null : named(successRate, `${key}.successRate`),
  };
  switch (lever.kind) {
    case 'context-trimmed':
      return {
        ...common,
        kind: lever.kind,
        steps,
        inputShare: named(inputShare ?? exact(1), `${key}.inputShare`),
      };
    case 'response-cache':
      return {
        ...common,
        kind: lever.kind,
        steps,
        answeredShare: named(answeredShare ?? exact(0), `${key}.answeredShare`),
      };
    case 'prefix-cache': {
      const held = cachedShare === undefined ? null : named(cachedShare, `${key}.cachedShare`);
      return { ...common, kind: lever.kind, steps, cachedShare: held };
    }
    case 'fewer-steps':
      return {
        ...common,
        kind: lever.kind,
        steps,
        callsShare: named(callsShare ?? exact(0), `${key}.callsShare`),
      };
    case 'smaller-model':
      return { ...common, kind: lever.kind, steps, model, to };
    default:
      return { ...common, kind: lever.kind, model, change: changeOf(lever, key) };
  }
}

function changeOf({ costFactor, record, fromRecord }: Fields, key: string): DeploymentChange {
  return record === undefined
    ? { kind: 'factor', costFactor: named(costFactor ?? exact(1), `${key}.costFactor`) }
    : { kind: 'records', record, fromRecord: fromRecord ?? null };
}

function basisOf({ record, to, source }: Fields): LeverBasis {
  if (record !== undefined) return { kind: 'measured', record };
  if (to !== undefined) return { kind: 'model', model: to };
  return source === undefined ? { kind: 'assumed' } : { kind: 'stated', source };
}
