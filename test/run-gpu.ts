import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { toBenchError } from '../src/core/errors.ts';
import { type AdapterChoice, chooseAdapter } from '../src/hosts/node/choose-adapter.ts';
import { bundledChromium } from '../src/hosts/node/swiftshader.ts';

/**
 * Runs the `gpu` tests once per adapter of this machine: a real GPU and lavapipe where they are, the bundled
 * SwiftShader always on Linux x64. Drivers are chosen when a process starts, so each run is one of its own.
 * Arguments go to vitest; MTOK_TEST_ADAPTERS (a comma list) picks adapters, which then must be there.
 */
async function adapters(): Promise<AdapterChoice[]> {
  const named = process.env.MTOK_TEST_ADAPTERS;
  if (named) return Promise.all(named.split(',').map((name) => chooseAdapter(name)));
  const found: AdapterChoice[] = [];
  for (const name of ['gpu', 'lavapipe', 'swiftshader']) {
    try {
      found.push(await chooseAdapter(name));
    } catch (error) {
      const isExpected = name === 'swiftshader' && bundledChromium() !== null;
      if (isExpected || toBenchError(error).code === 'crashed') throw error;
    }
  }
  if (found.length === 0) throw new Error('No WebGPU adapter at all: run `mtok doctor`.');
  return found;
}

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
/** That the cases can fail is proved on one adapter: it is about them, not about what runs them. */
const ONCE = ['--exclude', 'test/gpu/kernel-harness.test.ts'];
let exitCode = 0;
for (const [i, { id, label, env }] of (await adapters()).entries()) {
  process.stdout.write(`\ngpu tests on ${label}\n`);
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', 'gpu', ...(i > 0 ? ONCE : []), ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, ...env, MTOK_TEST_ADAPTER: id } },
  );
  if (status !== 0) exitCode = 1;
}
process.exitCode = exitCode;
