import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles are made of and for this platform; elsewhere making one is refused, which is tested below. */
const isSupported = process.platform === 'linux' && process.arch === 'x64';

let folder = '';
/** Where it was unpacked: nothing else is there. */
let home = '';
let bundling = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
  const args = ['--import', 'tsx', 'src/packaging/main.ts', '--out', folder, '--preset', '0'];
  bundling = await run(process.execPath, args, { cwd: ROOT }).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  );
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tar.xz'));
  if (!archive) return;
  await run('tar', ['xf', join(folder, archive), '-C', folder]);
  home = join(folder, archive.replace('.tar.xz', ''));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in an environment of nothing but where to keep files. */
async function bare(program: string, args: string[]) {
  const env = { PATH: '', MTOK_CACHE: join(folder, 'cache') };
  const options = { cwd: folder, env, maxBuffer: 2 ** 24 };
  return run(program, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code: Number(code), stdout: String(stdout), stderr }),
  );
}

const mtok = (...args: string[]) => bare(join(home, 'mtok'), args);

if (isSupported) describe('the offline bundle, with nothing around it', unpacked);
else {
  it('is refused where no bundle can be made', () => {
    expect(bundling).toContain('unsupported: A bundle for linux-x64 cannot be made');
  });
}

function unpacked(): void {
  it('is one archive of a bearable size', () => {
    // At preset 0, with which a quarter more comes out than is published.
    expect(Number(/([\d.]+) MB/.exec(bundling)?.[1])).toBeLessThan(60);
    expect(bundling).toMatch(/sha256 [0-9a-f]{64}/);
  });

  it('says what it is', async () => {
    expect((await mtok('--version')).stdout).toMatch(
      /^\d+\.\d+\.\d+ \(offline bundle, linux-x64, commit (unknown|[0-9a-f]{40}(-dirty)?)\)\n$/,
    );
    const notices = await readFile(join(home, 'licences/NOTICES.txt'), 'utf8');
    for (const [, path = ''] of notices.matchAll(/^ {4}.*: (.+)$/gm)) {
      expect((await readFile(join(home, path), 'utf8')).length).toBeGreaterThan(500);
    }
  });

  it('runs doctor: whole, with its own driver and ONNX Runtime', async () => {
    const { code, stdout, stderr } = await mtok('doctor', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const facts = JSON.parse(stdout);
    expect(facts.bundle.damaged).toEqual([]);
    expect(facts.bundle.files).toBeGreaterThan(300);
    expect(Object.keys(facts.bundle.needs)).toContain('GLIBC');
    const own = facts.adapters.filter((one: { origin: string }) => one.origin === 'bundled');
    expect(own).toEqual([expect.objectContaining({ kind: 'software', problem: null })]);
    expect(facts.providers.found).toContainEqual({ name: 'webgpu', bundled: true });
    expect(facts.browser.problem).toContain('not installed');
  });

  it('runs bench on our kernels and on the peer, and report on what came of it', async () => {
    const sizes = ['-p', '16', '-n', '4', '--launches', '1', '--variant', 'int4'];
    const backends = ['--backend', 'wgsl,ort-webgpu', '--adapter', 'swiftshader'];
    const args = ['--model', 'synthetic:test-1m', ...sizes, ...backends, '--json', 'cells.json'];
    const { code, stderr } = await mtok('bench', ...args);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const cells = JSON.parse(await readFile(join(folder, 'cells.json'), 'utf8'));
    const outcomes = cells.map((cell: { outcome: unknown }) => cell.outcome);
    expect(outcomes).toEqual([{ status: 'ok' }, { status: 'ok' }]);
    expect((await mtok('report', '--out', '-')).stdout).toContain('synthetic:test-1m');
  });

  it('runs kernels beside the peer', async () => {
    const only = ['--quick', '--no-validate', '--op', 'head', '--format', 'int4', '--rows', '1'];
    const args = [...only, '--adapter', 'swiftshader', '--json', 'kernels.json'];
    const { code, stderr } = await mtok('kernels', ...args);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const records = JSON.parse(await readFile(join(folder, 'kernels.json'), 'utf8'));
    expect(records.length).toBeGreaterThan(0);
  });

  it('has no browser, and says so', async () => {
    const args = ['generate', '--model', 'synthetic:test-1m', '--prompt-tokens', '1', '-n', '1'];
    const { code, stderr } = await mtok(...args, '--host', 'chromium');
    expect(code).toBe(1);
    expect(stderr).toMatch(/unsupported: Puppeteer.*not installed\nhint: .*bundle has no browser/);
  });

  it('has no DuckDB, and says so', async () => {
    const { code, stderr } = await mtok('history');
    expect(code).toBe(1);
    expect(stderr).toMatch(/unsupported: DuckDB.*not here\nhint: .*not in the offline bundle/);
  });

  it('tokenises', async () => {
    const tokenizer = {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] },
    };
    const source = pathToFileURL(join(home, 'src/model/tokenizer.js')).href;
    await writeFile(
      join(folder, 'tokenise.mjs'),
      `const { createTokenizer } = await import(${JSON.stringify(source)});
const tokenizer = await createTokenizer(${JSON.stringify(tokenizer)}, {}, 'test');
console.log(JSON.stringify(tokenizer.encode('abba')));`,
    );
    const { stdout, stderr } = await bare(join(home, 'bin/node'), [join(folder, 'tokenise.mjs')]);
    expect({ stdout, stderr }).toEqual({ stdout: '[2,1,0]\n', stderr: '' });
  });
}
