import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { median } from '../src/core/quantile.ts';

/**
 * Times the same exported graph with `mtok bench --backend ort-cpu` and with a bare script (ort-cpu-script.ts), in
 * turns, a fresh process each, the order turned round every time; prints both throughputs and their ratio:
 * `tsx bench/ort-cpu-peer.ts [--model MODEL] [--variant int4] [-p 128] [-n 32] [--rounds 5]`.
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);
const PASSES = 12;
/** Passes of the script that only warm up, as mtok's own do. */
const WARMUP = 2;

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'synthetic:bench-25m' },
    variant: { type: 'string', default: 'int4' },
    prompt: { type: 'string', short: 'p', default: '128' },
    generate: { type: 'string', short: 'n', default: '32' },
    rounds: { type: 'string', default: '5' },
  },
});
const [prompt, generate, rounds] = [values.prompt, values.generate, values.rounds].map(Number);
if (![prompt, generate, rounds].every((count) => Number.isInteger(count) && Number(count) > 0)) {
  throw new Error('-p, -n and --rounds take whole numbers above zero');
}

interface Rates {
  prefill: number;
  decode: number;
}

const estimate = z.object({ median: z.number().positive() });
const entrySchema = z.object({
  prefill: z.object({ tokensPerSecond: estimate }),
  decode: z.object({ tokensPerSecond: estimate }),
});
const passSchema = z.object({ prefillMs: z.number().positive(), decodeMs: z.number().positive() });

async function withMtok(folder: string): Promise<Rates> {
  const { stdout } = await run(
    process.execPath,
    [
      ...[join(ROOT, 'bin/mtok.js'), 'bench', '--backend', 'ort-cpu', '--json', '-'],
      ...['--model', values.model, '--variant', values.variant, '--launches', '1'],
      ...['-p', String(prompt), '-n', String(generate), '--out', folder],
    ],
    { env: { ...process.env, MTOK_CACHE: folder }, maxBuffer: 2 ** 26 },
  );
  const [entry] = z.array(entrySchema).parse(JSON.parse(stdout));
  if (entry === undefined) throw new Error('mtok bench printed no cell');
  return {
    prefill: entry.prefill.tokensPerSecond.median,
    decode: entry.decode.tokensPerSecond.median,
  };
}

async function withScript(graph: string): Promise<Rates> {
  const script = join(ROOT, 'bench/ort-cpu-script.ts');
  const counts = [prompt, generate, PASSES].map(String);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, graph, ...counts], {
    cwd: ROOT,
  });
  const passes = z.array(passSchema).parse(JSON.parse(stdout)).slice(WARMUP);
  return {
    prefill: (1000 * Number(prompt)) / median(passes.map(({ prefillMs }) => prefillMs)),
    decode: (1000 * Number(generate)) / median(passes.map(({ decodeMs }) => decodeMs)),
  };
}

/** The graph that mtok exported into its cache. */
async function exportedGraph(folder: string): Promise<string> {
  const paths = await readdir(join(folder, 'onnx'), { recursive: true });
  const graph = paths.find((path) => path.endsWith('tokens-b1.onnx'));
  if (graph === undefined) throw new Error(`mtok exported no graph below ${folder}`);
  return join(folder, 'onnx', graph);
}

const folder = await mkdtemp(join(tmpdir(), 'mtok-ort-cpu-'));
try {
  await withMtok(folder); // makes the graph; not counted
  const graph = await exportedGraph(folder);
  console.log(`graph: ${graph}`);
  const [ours, bare]: [Rates[], Rates[]] = [[], []];
  for (let round = 0; round < Number(rounds); round++) {
    const turns = [
      async () => void ours.push(await withMtok(folder)),
      async () => void bare.push(await withScript(graph)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    console.log(`round ${round + 1}: ${JSON.stringify({ mtok: ours[round], bare: bare[round] })}`);
  }
  for (const phase of ['prefill', 'decode'] as const) {
    const [a, b] = [ours, bare].map((rates) => median(rates.map((rate) => rate[phase])));
    const ratios = ours.map((rates, i) => rates[phase] / (bare[i]?.[phase] ?? Number.NaN));
    console.log(
      `${phase} tok/s: mtok ${a?.toFixed(1)}, bare script ${b?.toFixed(1)}; ` +
        `ratio ${median(ratios).toFixed(3)} (rounds: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')})`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
