import type { TestProject } from 'vitest/node';
import { chooseAdapter } from '../../src/hosts/node/choose-adapter.ts';

/**
 * Gives the processes of a project the WebGPU adapter that MTOK_TEST_ADAPTER names (as `--adapter` does), or the
 * best there is; loaders and drivers must be in the environment before a process starts. No adapter fails the run.
 */
export default async function setup(project: TestProject): Promise<void> {
  const choice = await chooseAdapter(process.env.MTOK_TEST_ADAPTER ?? 'auto');
  project.config.env = { ...project.config.env, ...choice.env };
  process.stderr.write(`WebGPU adapter of ${project.name} tests: ${choice.label}\n`);
}
