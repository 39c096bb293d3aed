import { generateTokens } from '../../run-session.ts';
import type { TaskHandler } from '../../tasks.ts';
import { withModel } from './with-model.ts';

/** Generates tokens greedily in this process and sends each as it comes. */
export const generate: TaskHandler<'generate'> = (input, send) =>
  withModel(input, (backend, model) => generateTokens(backend, model, input, send));
