import type { Backend } from '../../backends/backend.ts';
import { loadBackend } from '../../backends/index.ts';
import type { BackendName } from '../../core/cell.ts';
import { BenchError } from '../../core/errors.ts';
import { Rng } from '../../core/rng.ts';
import { measureLaunch } from '../../measure/measure-launch.ts';
import type { PackedModel } from '../../model/packed.ts';
import { openPackedFile } from '../../model/packed-file.ts';
import { MODEL_PATH, type PageTask, ROWS_PATH } from '../page-task.ts';
import { computeLogits, generateTokens } from '../run-session.ts';
import type { GenerateTaskInput, LaunchTaskInput, LogitsTaskInput } from '../tasks.ts';
import { createWebEnvironment } from './environment.ts';
import { webHost } from './host.ts';
import { openHttpSource } from './http-source.ts';

type Send = (message: unknown) => void;

/** Runs a task on this page, as a worker process does in Node, with the model read from the page's server. */
export function runPageTask(task: PageTask, send: Send): Promise<unknown> {
  switch (task.type) {
    case 'launch':
      return launch(task, task.input as LaunchTaskInput, send);
    case 'generate':
      return generate(task, task.input as GenerateTaskInput, send);
    case 'logits':
      return logits(task, task.input as LogitsTaskInput);
  }
}

async function launch(task: PageTask, input: LaunchTaskInput, send: Send): Promise<unknown> {
  const startedAt = new Date().toISOString();
  const { cell, protocol, seed, launch: index } = input;
  return withModel(task, cell.backend, cell.variant.weights, (backend, model, openMs) =>
    measureLaunch({
      backend,
      model,
      variant: cell.variant,
      workload: cell.workload,
      protocol,
      isProfiled: protocol.profile && index === 0,
      rng: new Rng('launch', seed, index),
      now: webHost.now,
      clockZeroMs: performance.timeOrigin,
      startedAt,
      modelLoad: { readMs: task.model.readMs + openMs, packMs: task.model.packMs },
      onPhase: send,
    }),
  );
}

function generate(task: PageTask, input: GenerateTaskInput, send: Send): Promise<unknown> {
  return withModel(task, input.backend, input.variant.weights, (backend, model) =>
    generateTokens(backend, model, input, send),
  );
}

function logits(task: PageTask, input: LogitsTaskInput): Promise<unknown> {
  return withModel(task, input.backend, input.variant.weights, (backend, model) =>
    computeLogits(backend, model, input, postRows),
  );
}

/** Rows go by HTTP: they may be large, and messages travel as text. */
async function postRows(rows: Float32Array): Promise<void> {
  const response = await fetch(ROWS_PATH, { method: 'POST', body: rows.slice() });
  if (!response.ok) {
    throw new BenchError('io', `Cannot write logits: ${await response.text()}`);
  }
}

async function withModel<T>(
  task: PageTask,
  name: BackendName,
  weights: PackedModel['weights'],
  use: (backend: Backend, model: PackedModel, openMs: number) => Promise<T>,
): Promise<T> {
  const environment = createWebEnvironment(task.details);
  try {
    const backend = await loadBackend(name, environment);
    const started = performance.now();
    const source = await openHttpSource(MODEL_PATH, task.model.name);
    const model = await openPackedFile(source, { ...task.model, weights });
    try {
      return await use(backend, model, performance.now() - started);
    } finally {
      await model.close();
    }
  } finally {
    await environment.dispose();
  }
}
