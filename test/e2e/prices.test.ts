import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-prices-'));
  await writeFile(join(folder, 'vms.csv'), catalogue(23.6));
  await writeFile(join(folder, 'later.csv'), catalogue(28));
  await writeFile(
    join(folder, 'own.yaml'),
    'gpus: [{ gpu: H100, provider: acme, kind: rented, usdPerGpuHour: 2.10, from: 2026-09-01, source: contract }]\n' +
      'apis: [{ provider: acme, model: large, inputUsdPerMtok: 2, from: 2026-09-01, source: contract }]\n',
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Two rows in the form of SkyPilot's catalogues. */
function catalogue(usdOfEight: number): string {
  return [
    'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice',
    `x8,H300,8,128,1600,${usdOfEight},eu,,10`,
    'cpu,,0,4,16,0.1,eu,,',
  ].join('\n');
}

const mtok = (...args: string[]) => runCli(args, { cwd: folder });

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await mtok(...args);
  expect([code, stderr]).toEqual([0, '']);
  const lines = args.includes('--json') ? [] : stdout.split('\n');
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(100);
  return stdout;
}

describe('mtok prices', () => {
  it('lists, shows and compares what comes with the program', async () => {
    expect(await output('prices', 'list', '--gpu', '--match', 'H100')).toMatch(
      /H100 +rented +nebius +2\.95 +2026-11-21/,
    );
    expect(await output('prices', 'list', '--api')).toMatch(/openai\/o3 .* 2 +8 +0\.5/);
    expect(await output('prices', 'list')).toContain('API models besides');
    const shown = await output('prices', 'show', 'openai/o3');
    expect(shown).toMatch(/- +2025-06-10 +standard +10 +40/);
    expect(shown).toMatch(/2025-06-10 +- +standard +2 +8/);
    expect(await output('prices', 'diff', '2025-06-01', '2025-07-01')).toMatch(
      /openai\/o3 +output +40 +8 +-80 %/,
    );
  });

  it('imports a catalogue, keeps history, and changes nothing the second time', async () => {
    const args = ['prices', 'import', 'vms.csv', '--provider', 'acme', '--as-of', '2026-01-01'];
    expect(await output(...args)).toContain('2 added, 0 changed, 0 unchanged');
    const book = () => readFile(join(folder, '.mtok/prices.json'), 'utf8');
    const before = await book();
    expect(await output(...args)).toContain('0 added, 0 changed, 2 unchanged');
    expect(await book()).toBe(before);
    const later = ['later.csv', '--provider', 'acme', '--as-of', '2026-03-01', '--json'];
    expect(JSON.parse(await output('prices', 'import', ...later))).toMatchObject({
      format: 'skypilot',
      added: 0,
      changed: 1,
      unchanged: 1,
      skipped: { 'no accelerator': 1 },
    });
    const shown = await output('prices', 'show', 'H300');
    expect(shown).toMatch(/H300 +rented +acme\/eu\/x8 +2\.95 +- +2026-03-01/);
    expect(shown).toMatch(/H300 +rented +acme\/eu\/x8 +3\.5 +2026-03-01 +-/);
    const json = JSON.parse(await output('prices', 'list', '--gpu', '--match', 'H300', '--json'));
    expect(json.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(json.gpus).toHaveLength(2);
  });

  it.each([
    [['prices', 'show', 'gpt-4oo'], 'Near it: openai/gpt-4o'],
    [['prices', 'import', 'vms.csv', '--provider', 'acme'], 'Give the day on which they held'],
    [['prices', 'import', 'vms.csv', '--as-of', '2026-01-32'], 'expected a day as YYYY-MM-DD'],
    [['prices', 'import', 'vms.csv', '--format', 'xml'], 'expected book, skypilot, litellm'],
    [['prices', 'list', '--prices', 'vms.csv'], 'vms.csv is no price book: it looks like SkyPilot'],
    [['prices', 'diff', '2026-01-01', 'own.yaml'], 'got a day and a book'],
  ])('%j is refused', async (args, message) => {
    const { code, stdout, stderr } = await mtok(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('refuses files of 100 MB unread, and leaves the book as it was', async () => {
    const path = join(folder, 'large.csv');
    await writeFile(path, '');
    await truncate(path, 100_000_000);
    const { code, stderr } = await mtok('prices', 'import', 'large.csv', '--out', 'new.json');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'large.csv has 100000000 bytes, expected a price book or a catalogue file of at most',
    );
    await expect(readFile(join(folder, 'new.json'))).rejects.toThrow('ENOENT');
  });
});

describe('mtok cost tokens --gpu', () => {
  const rates = [
    '--prefill-tps',
    '20000',
    '--decode-tps',
    '2000',
    '--input',
    '1500',
    '--output',
    '300',
  ];
  const cost = (...args: string[]) => output('cost', 'tokens', ...rates, ...args);

  it('takes the price from the book, and says where it was read', async () => {
    const json = JSON.parse(await cost('--gpu', 'H100@nebius', '--gpu-kind', 'spot', '--json'));
    // 1.25 USD/h for 0.225 s.
    expect(json.usdPerRequest.value).toBeCloseTo((1.25 * 0.225) / 3600, 15);
    expect(json.priceSource).toMatch(
      /^H100 spot at nebius: Nebius preemptible, .*, read 2026-11-21; price book [0-9a-f]{12}$/,
    );
    expect(await cost('--gpu', 'H100')).toContain('$2.95 an hour each');
  });

  it('takes the price of the day from a book of the user', async () => {
    const own = ['--gpu', 'H100@acme', '--prices', 'own.yaml'];
    expect(await cost(...own, '--day', '2026-09-01')).toContain('$2.10 an hour each');
    const { code, stderr } = await mtok('cost', 'tokens', ...rates, ...own, '--day', '2026-08-31');
    expect(code).toBe(2);
    expect(stderr).toContain('H100 rented at acme since 2026-09-01');
  });

  it.each([
    [['--gpu', 'H100', '--gpu-kind', 'owned'], 'H100@hyperscaler $1.30, H100@neocloud $1.69'],
    [['--gpu', 'H100', '--gpu-price', '2'], 'Give either --gpu-price or --gpu'],
    [['--gpu', 'H200X'], 'It has H200'],
    [['--gpu', '@nebius'], 'expected a name such as H100'],
    [['--gpu-price', '2', '--day', '2026-01-01'], '--day is of the price book'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await mtok('cost', 'tokens', ...rates, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
