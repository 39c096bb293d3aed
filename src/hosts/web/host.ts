import { BenchError } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';

/** The surroundings of code that runs on a page. */
export const webHost: Host = {
  name: 'chromium',
  now: () => performance.now(),
  async readText(url) {
    const response = await fetch(url);
    if (!response.ok) {
      throw new BenchError('io', `Cannot read ${url.href}: HTTP ${response.status}`);
    }
    return response.text();
  },
};
