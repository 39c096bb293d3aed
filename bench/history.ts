import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Times `mtok history` over a store of many records: `npx tsx bench/history.ts [count]`. The store is made from
 * the records of a published report, raw samples and all, spread over commits and a year; it is deleted again.
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TEMPLATES = join(ROOT, 'reports/2026-11-21-software-adapter/records.jsonl');
const COMMITS = 200;
const RUNS = 3;

interface Template {
  createdAt: string;
  provenance: Record<string, unknown>;
  decode: { tokensPerSecond: Record<'median' | 'low' | 'high', number> };
}

async function writeStore(path: string, count: number): Promise<void> {
  const lines = (await readFile(TEMPLATES, 'utf8')).trim().split('\n');
  const file = createWriteStream(path);
  for (let i = 0; i < count; i++) {
    const record = JSON.parse(lines[i % lines.length] ?? '') as Template;
    const commit = Math.floor((i * COMMITS) / count);
    // A commit in twenty changes the speed by a tenth; between them it wavers by half a percent.
    const scale = (1 + 0.1 * (Math.floor(commit / 20) % 2)) * (1 + 0.005 * Math.sin(i));
    const { tokensPerSecond } = record.decode;
    for (const key of ['median', 'low', 'high'] as const) tokensPerSecond[key] *= scale;
    const changed = {
      ...record,
      id: `made-${i}`,
      createdAt: new Date(1_700_000_000_000 + (i / count) * 31_536_000_000).toISOString(),
      provenance: { ...record.provenance, commit: commit.toString(16).padStart(40, '0') },
    };
    if (!file.write(`${JSON.stringify(changed)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** Seconds that the command takes from its start to its end, with Node's own. */
async function secondsOf(args: readonly string[], cacheDir: string): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'bin/mtok.js'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, MTOK_CACHE: cacheDir },
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mtok ${args.join(' ')} ended with exit code ${code}`);
  return (performance.now() - startedMs) / 1000;
}

function printRow(name: string, seconds: readonly number[]): void {
  const texts = seconds.map((value) => value.toFixed(2));
  process.stdout.write(`${name.padEnd(30)}${texts.join('  ')} s\n`);
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 100_000);
  if (!Number.isInteger(count) || count < 1) throw new Error('The count must be a whole number');
  const folder = await mkdtemp(join(tmpdir(), 'mtok-history-'));
  try {
    const store = join(folder, 'records.jsonl');
    await writeStore(store, count);
    const megabytes = (await stat(store)).size / 1e6;
    process.stdout.write(
      `${count} records, ${megabytes.toFixed(0)} MB, ${cpus().length} processors, ${RUNS} runs each\n`,
    );
    const parquet = join(folder, 'records.parquet');
    const query = 'select commit, median(decode_tps) from records group by commit order by commit';
    const cache = join(folder, 'cache');
    const first: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await rm(cache, { recursive: true, force: true });
      first.push(await secondsOf(['history', store], cache));
    }
    printRow('first mtok history', first);
    const commands: [string, string[]][] = [
      ['mtok history', ['history', store]],
      ['mtok history sql', ['history', 'sql', query, store]],
      ['mtok history --export', ['history', store, '--export', parquet]],
      ['mtok history of the Parquet', ['history', parquet]],
    ];
    for (const [name, args] of commands) {
      const seconds: number[] = [];
      for (let run = 0; run < RUNS; run++) seconds.push(await secondsOf(args, cache));
      printRow(name, seconds);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
