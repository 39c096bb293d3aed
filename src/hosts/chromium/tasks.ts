import { open } from 'node:fs/promises';
import type { TaskHandler } from '../tasks.ts';
import { treePeakRssBytes } from './process-memory.ts';
import { runInBrowser } from './with-page.ts';

/** Measures one launch on a page of a fresh browser. Peak memory is that of all the browser's processes. */
export const launch: TaskHandler<'launch'> = async (input, send) => {
  const { cell, adapter, cacheDir } = input;
  let peakRssBytes: number | null = null;
  send('model');
  const result = await runInBrowser(
    {
      type: 'launch',
      input,
      backend: cell.backend,
      model: cell.model,
      weights: cell.variant.weights,
      adapter,
      cacheDir,
      onMessage: send,
    },
    async (browser) => {
      const pid = browser.process()?.pid;
      peakRssBytes = pid === undefined ? null : await treePeakRssBytes(pid);
    },
  );
  const memory = { ...result.launch.memory, peakRssBytes };
  return { ...result, launch: { ...result.launch, memory } };
};

/** Generates tokens greedily on a page and sends each as it comes. */
export const generate: TaskHandler<'generate'> = (input, send) =>
  runInBrowser({ type: 'generate', ...sessionWork(input), input, onMessage: send });

/** Writes the logits that a page computes to a file that the caller has made: f32[tokens][vocab]. */
export const logits: TaskHandler<'logits'> = async (input, send) => {
  const file = await open(input.path, 'r+');
  try {
    return await runInBrowser({
      type: 'logits',
      ...sessionWork(input),
      input,
      onMessage: send,
      onRows: (bytes) => file.writeFile(bytes),
    });
  } finally {
    await file.close();
  }
};

type SessionInput = Parameters<typeof generate>[0] | Parameters<typeof logits>[0];

function sessionWork({ backend, model, variant, adapter, cacheDir }: SessionInput) {
  return { backend, model, weights: variant.weights, adapter, cacheDir };
}
