import { mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { runInProcess } from '../support/cli-in-process.ts';

let folder: string;

const FILES: Record<string, string | Uint8Array> = {
  'bytes.csv': Uint8Array.from({ length: 999 }, (_, i) => (i * 97 + (i >> 3)) & 255),
  'empty.csv': '',
  'heading.csv': 'offered_rps,achieved_rps,output_tps,ttft_p99_ms,gpus\n',
  'curve.csv': 'offered_rps,achieved_rps,output_tps,ttft_p99_ms,gpus\n5,5,1280,80,1\n',
  'infinite.csv': 'period,budget_usd,actual_usd\n2026-01,1,1\n2026-02,1,Infinity\n',
  'tiny.csv': 'date,usd_per_hour,tokens_per_second\n2026-01-01,1,1\n2026-01-02,1,1e-308\n',
  'huge.csv': 'period,budget_usd,actual_usd\n2026-01,1e308,1\n',
  'quote.csv': 'period,budget_usd,actual_usd\n"2026-01,1,2\n',
  'twice.csv': 'period,period,budget_usd,actual_usd\n2026-01,2026-01,1,1\n',
  'cached.csv': 'plan,input_tokens,cached_input_tokens,output_tokens\na,10,20,3\n',
  'cycle.yaml': 'unit: x\nsteps: &all [*all]\n',
  'keys.yaml': '? [1, 2]\n: 3\nunit: x\n',
  'infinite.yaml': 'unit: .inf\nsteps: []\n',
  'twice.yaml': 'unit: a\nunit: b\n',
  'many.yaml': `unit: x\nsteps:\n${'  - { kind: lookup, usdPerCall: 0.1 }\n'.repeat(20_000)}`,
  'calls.yaml': 'unit: x\nsteps:\n  - { kind: lookup, calls: 1000000000, usdPerCall: 0.1 }\n',
  'deep.json': `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  'api.yaml':
    'unit: x\nmodels: { m: { api: openai/gpt-4oo } }\nsteps:\n  - { kind: llm, model: m, inputTokens: 1, outputTokens: 1 }\n',
  'usage.csv': 'customer,usd,revenue_usd\nacme,1,2\n',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  await mkdir(join(folder, 'folder'));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);
});

/** `@name` stands for a file of the folder. */
const words = (line: string) =>
  line.split(' ').map((word) => (word.startsWith('@') ? join(folder, word.slice(1)) : word));

const RATES = 'cost tokens --prefill-tps 20000 --decode-tps 2000 --input 1500 --output 300';
const SELF = 'cost breakeven --capacity-tps 8000 --mix 3:1';

const REFUSED: [line: string, code: number, message: string | RegExp][] = [
  [`${RATES} --gpu-price -1`, 2, '--gpu-price got "-1", expected a figure'],
  [`${RATES} --gpu-price NaN`, 2, '--gpu-price got "NaN"'],
  [`${RATES} --gpu-price 1e308`, 2, '--gpu-price got "1e308"'],
  [`${RATES} --gpu-price 2 --utilization 0`, 2, '--utilization got "0"'],
  [`${RATES} --gpu-price 2 --cache-hit 1.1`, 2, '--cache-hit got "1.1"'],
  [`${RATES} --gpu-price 2 --json --markdown`, 2, 'either --json or --markdown'],
  [`${RATES} --gpu-price 2 --slo-ttft-p99 5`, 2, "unknown option '--slo-ttft-p99'"],
  [`${RATES} --gpu H1000`, 2, 'H1000'],
  [`${RATES} --gpu H100 --gpu-price 2`, 2, 'either'],
  [`${RATES} --gpu-price 2 --focus @folder`, 1, 'it is a directory'],
  ['cost tokens --record latest --gpu-price 1 --store @none', 1, 'There is no store'],
  ['cost capacity @empty.csv --gpu-price 1', 2, 'empty.csv is empty'],
  ['cost capacity @heading.csv --gpu-price 1', 2, 'a heading and no rows'],
  ['cost capacity @bytes.csv --gpu-price 1', 2, 'no text in UTF-8'],
  ['cost capacity @folder --gpu-price 1', 1, 'is a folder'],
  ['cost budget @none.csv', 1, 'ENOENT'],
  ['cost budget @infinite.csv', 2, 'infinite.csv:3: actual_usd must be a number'],
  ['cost budget @huge.csv', 2, 'huge.csv:2: budget_usd must be a number'],
  ['cost budget @quote.csv', 2, 'not valid CSV'],
  ['cost budget @twice.csv', 2, 'twice.csv:1: the column "period" is there twice'],
  ['cost drift @tiny.csv --cv 1%', 2, 'tiny.csv:3: tokens_per_second must be 0 or at least 1e-30'],
  [
    'cost margin @cached.csv --cache-tokens inclusive --input-usd-per-mtok 1 --output-usd-per-mtok 1',
    2,
    'more than the 10 input_tokens that should hold them',
  ],
  ['cost margin @usage.csv --by customer --csv @none/out.csv', 1, 'is no directory'],
  ['cost task @cycle.yaml', 2, 'cycle.yaml: steps[0] refers to a part that it is in'],
  ['cost task @keys.yaml', 2, /^mtok: usage: .*keys\.yaml/],
  ['cost task @infinite.yaml', 2, 'infinite.yaml:1: unit: expected string, got .inf'],
  ['cost task @twice.yaml', 2, 'twice.yaml:2: not valid YAML: Map keys must be unique'],
  ['cost task @many.yaml', 2, 'characters, expected a unit of at most'],
  ['cost task @calls.yaml', 2, 'calls.yaml:3: steps[0].calls: expected a count'],
  ['cost task @api.yaml', 2, 'Near it: '],
  ['cost fit --gpu H100 --params 0 --layers 2 --kv-heads 1 --head-dim 64', 2, '--params got "0"'],
  ['cost hour owned --capex 1 --years 1 --as-price x --json', 2, 'either --as-price'],
  ['cost hour rented --capex 3', 2, '--capex'],
  [`${SELF} --gpu-price 1 --api openai/gpt-4oo`, 2, 'gpt-4o'],
  ['cost scenario --spend 0 --price-decline 2x --demand-growth 2x', 2, '--spend'],
  ['prices import @deep.json --as-of 2026-01-01 --format litellm --out @o.json', 2, 'deep.json'],
  ['prices import @usage.csv --out @o.json', 2, 'usage.csv'],
  ['prices show H1000', 2, 'no GPU or API model "H1000"'],
  ['prices diff 2026-02-30 2026-01-01', 2, '2026-02-30'],
  ['prices \u001b[31mred', 2, "unknown command ' [31mred'"],
  ['cost tokens --record latest --gpu-price 1 --store n\u202ene', 1, 'n ne'],
  [`cost ${'x'.repeat(5000)}`, 2, /^.{1,400}$/m],
];

describe('bad input of cost and prices', () => {
  it.each(REFUSED)('is one clear error: %s', async (line, expected, message) => {
    const { code, stdout, stderr } = await runInProcess(words(line));
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(/^mtok: (usage|io): .+\n(hint: .+\n)?$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(stderr).not.toMatch(/undefined|[\u0000-\u0009\u000b-\u001f\u202e]|\n +at /);
    if (typeof message === 'string') expect(stderr).toContain(message);
    else expect(stderr).toMatch(message);
  });

  it('leaves nothing half-written', async () => {
    expect((await readdir(folder)).sort()).toEqual([...Object.keys(FILES), 'folder'].sort());
  });

  const EXTREME: [line: string, text: string | RegExp][] = [
    ['cost hour energy --power-kw 0 --tariff 0.3 --output-tps 20 --input-tps 20', 'J per'],
    ['cost hour spot --price 1 --on-demand-price 0', 'spot discount'],
    ['cost hour spot --price 1 --on-demand-price 2 --output-tps 9 --input-tps 0..1e12', 'on input'],
    [`${SELF} --gpu-price 1e-15 --api-usd-per-mtok 0.06`, 'cheaper from'],
    [`${SELF} --gpu-price 2 --api-usd-per-mtok 1e9`, 'cheaper from'],
    [
      'cost hour owned --capex 3e4..4e4 --years 3..4 --power-kw 1 --tariff 1 --rent-price 0.5..3',
      /buying pays after, hours .* or more/,
    ],
    ['cost margin @usage.csv --by customer --cer-before 0', '+50.00 points; the cost'],
    [`${RATES} --gpu-price 2 --utilization 1e-30`, /e\+\d\d/],
    ['cost capacity @curve.csv --gpu-price 1 --slo-ttft-p99 500', 'load 5'],
  ];
  it.each(EXTREME)('has no figure that is none: %s', async (line, text) => {
    const { code, stdout, stderr } = await runInProcess(words(line));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toMatch(/NaN|Infinity|undefined|\d{20}/);
    if (typeof text === 'string') expect(stdout).toContain(text);
    else expect(stdout).toMatch(text);
    const json = await runInProcess([...words(line), '--json']);
    expect(() => JSON.parse(json.stdout)).not.toThrow();
  });
});

describe('names from files', () => {
  const names = ['=cmd()', '\u001b[31mred', '<script>|`', '長'.repeat(80), 'x'.repeat(5000)];

  it.each(names)('fit a terminal and cannot act on it: %j', async (name) => {
    const quoted = JSON.stringify(name);
    const curve = join(folder, 'names.csv');
    const point = '20,19.5,4992,210,1';
    await writeFile(
      curve,
      `config,offered_rps,achieved_rps,output_tps,ttft_p99_ms,gpus\n${quoted},${point}\nb,${point}\n`,
    );
    const prices = join(folder, 'names.yaml');
    const offer = `{ gpu: ${quoted.slice(0, 90).replace(/"?$/, '"')}, provider: p, kind: rented`;
    await writeFile(prices, `gpus:\n  - ${offer}, usdPerGpuHour: 2, source: s }\n`);
    const usage = join(folder, 'names-usage.csv');
    await writeFile(
      usage,
      `customer,model,input_tokens,output_tokens\n${quoted},${quoted},1000,1\n`,
    );
    for (const line of [
      `cost capacity ${curve} --gpu-price 1 --slo-ttft-p99 500`,
      `prices list --gpu --prices ${prices}`,
      `prices diff built-in ${prices}`,
      `cost margin ${usage} --by customer`,
    ]) {
      const { code, stdout, stderr } = await runInProcess(line.split(' '));
      if (code !== 0) expect(stderr).toMatch(/^mtok: usage: .+\n(hint: .+\n)?$/);
      expect(stdout + stderr).not.toContain('\u001b');
      for (const text of stdout.split('\n')) expect([...text].length).toBeLessThanOrEqual(100);
    }
  });
});

describe.skipIf(process.platform === 'win32')('devices and pipes', () => {
  it('are read to a limit, written to and never replaced', async () => {
    const endless = await runInProcess(['cost', 'budget', '/dev/zero']);
    expect(endless.stderr).toMatch(/^mtok: usage: \/dev\/zero has more than \d+ bytes/);
    // A link: a file that took the place of the device itself would harm this machine.
    await symlink('/dev/null', join(folder, 'device'));
    const out = words('cost margin @usage.csv --by customer --csv @device');
    expect((await runInProcess(out)).code).toBe(0);
    expect((await stat(join(folder, 'device'))).isCharacterDevice()).toBe(true);
  });

  it('may close early', async () => {
    const { child, result } = startCli(['prices', 'list', '--api'], { cwd: folder });
    child.stdout?.destroy();
    expect(await result).toMatchObject({ code: 0, stderr: '' });
  });

  it('give a CSV that runs nothing in a spreadsheet', async () => {
    await writeFile(join(folder, 'formula.csv'), 'customer,usd\n"=1+1",1\n@SUM(A1),2\n');
    const out = join(folder, 'formula-out.csv');
    const { code } = await runCli(
      ['cost', 'margin', 'formula.csv', '--by', 'customer', '--csv', out],
      { cwd: folder },
    );
    expect(code).toBe(0);
    const csv = await readFile(out, 'utf8');
    expect(csv).toContain("\r\n'=1+1,");
    expect(csv).toContain("\r\n'@SUM(A1),");
  });
});
