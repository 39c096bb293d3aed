import type { z } from 'zod';
import type { Amount } from './amount.ts';
import { boundsOfAmount } from './amount-moments.ts';
import { type StepFields, stepNames } from './step-schema.ts';
import { LIMITS } from './unit-file.ts';

interface Referring {
  models: Readonly<Record<string, { escalateTo?: string | undefined }>>;
  steps: readonly StepFields[];
}

type Refuse = (path: PropertyKey[], message: string) => void;

/** Names that refer to one another: each must be there, be named once, and escalation must come to an end. */
export function checkReferences({ models, steps }: Referring, context: z.RefinementCtx): void {
  const refuse: Refuse = (path, message) => context.addIssue({ code: 'custom', path, message });
  checkSize(steps, refuse);
  const has = (name: string) => Object.hasOwn(models, name);
  const known = Object.keys(models).slice(0, 8).join(', ');
  const missing = `names no model of this file (${known === '' ? 'it has none' : known})`;
  for (const [name, { escalateTo }] of Object.entries(models)) {
    if (escalateTo === undefined) continue;
    const path = ['models', name, 'escalateTo'];
    if (!has(escalateTo)) refuse(path, missing);
    else if (!comesToAnEnd(name, models)) {
      refuse(
        path,
        `leads back to ${JSON.stringify(name)} or through over ${LIMITS.escalations} models`,
      );
    }
  }
  const names = stepNames(steps);
  const seen = new Set<string>();
  steps.forEach(({ model, escalateTo }, i) => {
    const name = names[i] ?? '';
    if (seen.has(name)) refuse(['steps', i, 'name'], 'another step has this name');
    seen.add(name);
    if (model !== undefined && !has(model)) refuse(['steps', i, 'model'], missing);
    if (escalateTo === undefined) return;
    const path = ['steps', i, 'escalateTo'];
    if (!has(escalateTo)) refuse(path, missing);
    else if (model !== undefined && leadsTo(model, escalateTo, models)) {
      refuse(path, `leads back to the step's own model ${JSON.stringify(model)}`);
    }
  });
}

function comesToAnEnd(from: string, models: Referring['models']): boolean {
  let at: string | undefined = from;
  for (let length = 0; at !== undefined; length++) {
    if (length > LIMITS.escalations) return false;
    at = nextOf(at, models);
  }
  return true;
}

function leadsTo(target: string, from: string, models: Referring['models']): boolean {
  let at: string | undefined = from;
  for (let length = 0; at !== undefined && length <= LIMITS.escalations; length++) {
    if (at === target) return true;
    at = nextOf(at, models);
  }
  return false;
}

function nextOf(name: string, models: Referring['models']): string | undefined {
  return Object.hasOwn(models, name) ? models[name]?.escalateTo : undefined;
}

/** A unit with more calls than this is described by what its calls cost together. */
const MOST_CALLS = 100_000;

/** A unit must be small enough to be simulated call by call. */
function checkSize(steps: readonly StepFields[], refuse: Refuse): void {
  let calls = 0;
  steps.forEach((step, i) => {
    calls += mostOf(step.calls) * mostOf(step.turns);
    if (calls <= MOST_CALLS) return;
    refuse(
      ['steps', i],
      `a unit may have at most ${MOST_CALLS} calls and turns, those up to here may be ${calls}`,
    );
    calls = Number.NEGATIVE_INFINITY;
  });
}

/** The most a unit is likely to have. */
function mostOf(count: Amount | undefined): number {
  if (count === undefined) return 1;
  if (count.kind === 'poisson') return Math.ceil(count.mean + 10 * Math.sqrt(count.mean) + 10);
  return boundsOfAmount(count).high ?? 0;
}
