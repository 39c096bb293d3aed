import { z } from 'zod';
import { exact, type Quantity, unknown } from '../quantity.ts';
import { type Amount, amountField, countField } from './amount.ts';
import {
  named,
  namedAmount,
  nameField,
  policyFields,
  priceField,
  shareField,
  tokensField,
} from './fields.ts';
import {
  type CallTokens,
  type ConversationTokens,
  LIMITS,
  PREFIX_CACHES,
  STEP_KINDS,
  type UnitStep,
} from './unit-file.ts';

const fields = z.strictObject({
  name: nameField.optional(),
  kind: z.enum(STEP_KINDS),
  calls: countField(LIMITS.calls).optional(),
  responseCacheShare: shareField.optional(),
  model: nameField.optional(),
  inputTokens: tokensField.optional(),
  outputTokens: tokensField.optional(),
  cachedShare: shareField.optional(),
  turns: countField(LIMITS.turns).optional(),
  systemTokens: tokensField.optional(),
  userTokens: tokensField.optional(),
  answerTokens: tokensField.optional(),
  prefixCache: z.enum(PREFIX_CACHES).optional(),
  usdPerMtok: priceField.optional(),
  usdPerCall: priceField.optional(),
  gb: amountField(LIMITS.gigabytes).optional(),
  usdPerGb: priceField.optional(),
  ...policyFields,
});
export type StepFields = z.output<typeof fields>;
type Field = keyof StepFields & string;

const CALL: readonly Field[] = ['inputTokens', 'outputTokens', 'cachedShare'];
const CONVERSATION: readonly Field[] = [
  'turns',
  'systemTokens',
  'userTokens',
  'answerTokens',
  'prefixCache',
];

/** A step as a file names it, with fields that go together. */
export const stepSchema = fields.superRefine((step, context) => {
  const problem = problemOf(step);
  if (problem !== null) {
    context.addIssue({ code: 'custom', path: [problem.field], message: problem.message });
  }
});

function problemOf(step: StepFields): { field: Field; message: string } | null {
  const first = (names: readonly Field[]) => names.find((field) => step[field] !== undefined);
  const [call, conversation] = [first(CALL), first(CONVERSATION)];
  if (call !== undefined && conversation !== undefined) {
    return { field: call, message: `does not go with ${conversation}: give the tokens of a turn` };
  }
  if (conversation !== undefined && step.turns === undefined) {
    return { field: conversation, message: 'needs turns' };
  }
  if (conversation !== undefined && step.userTokens === undefined) {
    return { field: 'turns', message: 'needs userTokens and answerTokens' };
  }
  const tokens = call ?? conversation;
  if (step.model !== undefined && step.usdPerMtok !== undefined) {
    return { field: 'usdPerMtok', message: 'does not go with model, which has prices of its own' };
  }
  if (step.usdPerMtok !== undefined && tokens === undefined) {
    return { field: 'usdPerMtok', message: 'needs inputTokens or outputTokens' };
  }
  if (step.usdPerGb !== undefined && step.gb === undefined) {
    return { field: 'usdPerGb', message: 'needs gb' };
  }
  return null;
}

/** Names of steps in order: as given, or after their kind. */
export function stepNames(steps: readonly Pick<StepFields, 'name' | 'kind'>[]): string[] {
  return steps.map(({ name, kind }, i) => {
    if (name !== undefined) return name;
    const before = steps.slice(0, i).filter((one) => one.name === undefined && one.kind === kind);
    return before.length === 0 ? kind : `${kind} ${before.length + 1}`;
  });
}

export function readStep(step: StepFields, name: string): UnitStep {
  const key = `steps.${name}`;
  const amount = (field: Field, value: Amount | undefined, missing = 0) =>
    namedAmount(value ?? { kind: 'fixed', mean: exact(missing) }, `${key}.${field}`);
  const price = (field: Field, value: Quantity | undefined): Quantity =>
    value === undefined ? unknown(`${key}.${field} is not given`) : named(value, `${key}.${field}`);
  const tokens = tokensOf(step, key, amount);
  const { successProbability, maxAttempts = null, escalateTo = null } = step;
  const hasPrice = step.model !== undefined || tokens !== null || step.gb !== undefined;
  return {
    name,
    kind: step.kind,
    calls: amount('calls', step.calls, 1),
    responseCacheShare: named(step.responseCacheShare ?? exact(0), `${key}.responseCacheShare`),
    model: step.model ?? null,
    tokens,
    usdPerMtok:
      tokens === null || step.model !== undefined ? null : price('usdPerMtok', step.usdPerMtok),
    usdPerCall:
      step.usdPerCall === undefined && hasPrice ? null : price('usdPerCall', step.usdPerCall),
    gigabytes:
      step.gb === undefined
        ? null
        : { perCall: amount('gb', step.gb), usdPerGb: price('usdPerGb', step.usdPerGb) },
    successProbability:
      successProbability === undefined
        ? null
        : named(successProbability, `${key}.successProbability`),
    maxAttempts,
    escalateTo,
  };
}

function tokensOf(
  step: StepFields,
  key: string,
  amount: (field: Field, value: Amount | undefined, missing?: number) => Amount,
): CallTokens | ConversationTokens | null {
  if (step.turns !== undefined) {
    return {
      kind: 'conversation',
      turns: amount('turns', step.turns),
      system: amount('systemTokens', step.systemTokens),
      user: amount('userTokens', step.userTokens),
      answer: amount('answerTokens', step.answerTokens),
      prefixCache: step.prefixCache ?? 'none',
    };
  }
  if (CALL.every((field) => step[field] === undefined)) return null;
  return {
    kind: 'call',
    input: amount('inputTokens', step.inputTokens),
    output: amount('outputTokens', step.outputTokens),
    cachedShare: named(step.cachedShare ?? exact(0), `${key}.cachedShare`),
  };
}
