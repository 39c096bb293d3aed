import { z } from 'zod';
import { deviceSchema } from '../core/record.ts';
import { launchResultSchema } from '../measure/launch.ts';
import type { TaskTypes } from './tasks.ts';

/** The tasks that a page can run. */
export type PageTaskType = 'launch' | 'generate' | 'logits';

/** A packed model that a page reads over HTTP. */
export interface PageModel {
  name: string;
  sha256: string;
  /** Time that opening and packing took before the page got it. */
  readMs: number;
  packMs: number;
}

/** A task as it crosses into a page. */
export interface PageTask<T extends PageTaskType = PageTaskType> {
  type: T;
  input: TaskTypes[T]['input'];
  model: PageModel;
  /** What the browser is and how it was started, for the device's details. */
  details: Record<string, string>;
}

/** Addresses on the server that a page came from. */
export const PAGE_PATH = '/src/web/bench.html';
export const MODEL_PATH = '/packed-model';
/** Rows of logits are posted here, in order. */
export const ROWS_PATH = '/logits-rows';

const sessionFacts = z.object({
  variant: z.object({
    weights: z.enum(['f32', 'f16', 'int8', 'int4']),
    kv: z.enum(['f32', 'f16', 'int8']),
    activations: z.enum(['f32', 'f16', 'int8']),
  }),
  device: deviceSchema,
});
const token = z.number().int().nonnegative();

/** What a page may send, by task: it is checked before it is believed. */
export const pageResultSchemas = {
  launch: launchResultSchema,
  generate: sessionFacts.extend({ tokens: z.array(token) }),
  logits: sessionFacts.extend({ vocab: z.number().int().positive() }),
} as const satisfies { [T in PageTaskType]: z.ZodType<TaskTypes[T]['result']> };

export const pageMessageSchemas = {
  launch: z.enum(['start', 'model', 'load', 'first-run', 'warm-up', 'measure', 'profile']),
  generate: token,
  logits: z.never(),
} as const satisfies { [T in PageTaskType]: z.ZodType<TaskTypes[T]['message']> };
