import type { z } from 'zod';
import { type StepFields, stepNames } from './step-schema.ts';
import { LIMITS } from './unit-file.ts';

interface Referring {
  models: Readonly<Record<string, { escalateTo?: string | undefined }>>;
  steps: readonly StepFields[];
}

/** Names that refer to one another: each must be there, be named once, and escalation must come to an end. */
export function checkReferences({ models, steps }: Referring, context: z.RefinementCtx): void {
  const refuse = (path: PropertyKey[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
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
    if (escalateTo !== undefined && !has(escalateTo)) refuse(['steps', i, 'escalateTo'], missing);
  });
}

function comesToAnEnd(from: string, models: Referring['models']): boolean {
  let at: string | undefined = from;
  for (let length = 0; at !== undefined; length++) {
    if (length > LIMITS.escalations) return false;
    at = Object.hasOwn(models, at) ? models[at]?.escalateTo : undefined;
  }
  return true;
}
