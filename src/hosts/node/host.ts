import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';

/** The surroundings of code that runs in a Node process. */
export const nodeHost: Host = {
  name: 'node',
  now: () => performance.now(),
  async readText(url) {
    try {
      return await readFile(fileURLToPath(url), 'utf8');
    } catch (cause) {
      throw new BenchError('io', `Cannot read ${url.href}`, {
        hint: 'A source file of mtok is missing; install it again.',
        cause,
      });
    }
  },
};
