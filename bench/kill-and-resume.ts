import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Rng } from '../src/core/rng.ts';

/**
 * Kills a sweep with SIGKILL at random moments, resumes it each time, then lets it finish: every cell must be in
 * the store once and every line be whole. `tsx bench/kill-and-resume.ts [kills] [seed]`; exit code 1 if not.
 */

const ENTRY = fileURLToPath(new URL('../bin/mtok.js', import.meta.url));
const [kills = 20, seed = 1] = process.argv.slice(2).map(Number);
const LONGEST_MS = 4000;
/** More cells than the kills leave time for, so that each meets a sweep at work. */
const LENGTHS = Array.from({ length: 20 }, (_, i) => i + 4);
const VARIANTS = ['f32', 'f16', 'int8', 'int4'];
const SWEEP = [
  ...['bench', '--model', 'synthetic:test-odd', '--backend', 'reference', '--out', 'store'],
  ...['--variant', VARIANTS.join(','), '-p', LENGTHS.join(','), '-n', '2', '--launches', '1'],
  ...['--repetitions', '1', '--resume'],
];
const CELLS = LENGTHS.length * VARIANTS.length;
const recordSchema = z.object({
  id: z.string(),
  key: z.string(),
  outcome: z.object({ status: z.string() }),
});

const cwd = await mkdtemp(join(tmpdir(), 'mtok-kill-'));
const start = () => spawn(process.execPath, [ENTRY, ...SWEEP], { cwd, stdio: 'ignore' });

async function storedLines(): Promise<string[]> {
  const text = await readFile(join(cwd, 'store/records.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

function parse(line: string): z.infer<typeof recordSchema> | null {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

try {
  const rng = new Rng('kill', seed);
  let hits = 0;
  for (let i = 0; i < kills; i++) {
    const child = start();
    const ended = once(child, 'close');
    const atMs = rng.integer(0, LONGEST_MS);
    await Promise.race([sleep(atMs), ended]);
    if (child.exitCode === null) hits++;
    child.kill('SIGKILL');
    await ended;
    const lines = await storedLines();
    console.log(`kill ${i + 1} after ${atMs} ms: ${lines.length} of ${CELLS} cells stored`);
  }
  const [code] = await once(start(), 'close');
  const records = (await storedLines()).map(parse);
  const whole = records.filter((record) => record !== null);
  const keys = new Set(whole.map(({ key }) => key));
  const isOk = whole.every(({ outcome }) => outcome.status === 'ok');
  const torn = records.length - whole.length;
  console.log(
    `${hits} of ${kills} kills met a running sweep; then exit code ${code}, ${whole.length} records, ` +
      `${keys.size} cells of ${CELLS}, ${torn} torn lines, ${isOk ? 'all ok' : 'not all ok'}`,
  );
  if (code !== 0 || torn > 0 || !isOk || whole.length !== CELLS || keys.size !== CELLS) {
    process.exitCode = 1;
  }
} finally {
  await rm(cwd, { recursive: true, force: true });
}
