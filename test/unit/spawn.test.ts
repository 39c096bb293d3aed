import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type RunTaskOptions, runTask } from '../../src/hosts/node/spawn.ts';
import type { Task } from '../../src/hosts/tasks.ts';

const entry = fileURLToPath(new URL('../support/fake-worker.mjs', import.meta.url));

/** Runs the stand-in worker with what it is to do as the task's input. */
function run(
  act: string,
  options: Omit<RunTaskOptions<'probe'>, 'onMessage'> & { onMessage?: (m: unknown) => void } = {},
): Promise<unknown> {
  const task = { type: 'probe', input: { act } } as unknown as Task<'probe'>;
  return runTask(task, { ...options, entry });
}

async function isGone(pid: number): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(100);
  }
  return false;
}

describe('runTask', () => {
  it('passes the environment and typed arrays, and relays messages in order', async () => {
    const messages: unknown[] = [];
    const result = await run('echo', {
      env: { MTOK_TEST: 'yes' },
      onMessage: (message) => messages.push(message),
    });
    expect(result).toEqual({ env: 'yes', big: new Float32Array([1.5, -2]) });
    expect(messages).toEqual(['one', 'two']);
  });

  it('raises the error of the worker with its code and hint', async () => {
    await expect(run('error')).rejects.toMatchObject({
      name: 'BenchError',
      code: 'model',
      message: 'no such model',
      hint: 'look again',
    });
  });

  it('explains a worker that died by its code and last words', async () => {
    await expect(run('die')).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(/ended with code 7[\s\S]*driver says: out of luck/),
    });
  });

  it('takes SIGKILL from outside for a lack of memory', async () => {
    await expect(run('killed')).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringContaining('SIGKILL'),
      hint: expect.stringContaining('memory'),
    });
  });

  it('refuses a malformed message', async () => {
    await expect(run('malformed')).rejects.toMatchObject({ code: 'internal' });
  });

  it('ends a worker and its children at the time limit', async () => {
    let grandchild = 0;
    const started = performance.now();
    const hanging = run('hang', {
      timeoutMs: 700,
      onMessage: (pid) => {
        grandchild = Number(pid);
      },
    });
    await expect(hanging).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(grandchild).toBeGreaterThan(0);
    expect(await isGone(grandchild)).toBe(true);
  });

  it('kills a worker that ignores the request to end', async () => {
    let pid = 0;
    const stubborn = run('stubborn', {
      timeoutMs: 500,
      onMessage: (message) => {
        pid = Number(message);
      },
    });
    await expect(stubborn).rejects.toMatchObject({ code: 'timeout' });
    expect(await isGone(pid)).toBe(true);
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const hanging = run('hang', {
      signal: controller.signal,
      onMessage: () => controller.abort(new Error('enough')),
    });
    await expect(hanging).rejects.toThrow('enough');
    await expect(run('echo', { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('ends the worker when a listener throws', async () => {
    const onMessage = () => {
      throw new Error('no more');
    };
    await expect(run('hang', { onMessage })).rejects.toThrow('no more');
  });
});
