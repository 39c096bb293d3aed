import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/hosts/node/files.ts';
import { sha256File } from '../../src/hosts/node/model-directory.ts';
import { openModel } from '../../src/hosts/node/packed-cache.ts';
import { sweepTemporaries } from '../../src/hosts/node/temporary-name.ts';
import {
  floatBytes,
  temporaryFolder,
  tinyTensors,
  writeModel,
} from '../support/model-directory.ts';

const spec = 'synthetic:test-odd';

async function files(cacheDir: string): Promise<string[]> {
  return (await readdir(cacheDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

async function embedCodes(cacheDir: string, model = spec): Promise<Buffer> {
  const opened = await openModel(model, 'int4', { cacheDir });
  const bytes = Buffer.from(await opened.model.read('embed', 'codes'));
  await opened.model.close();
  return bytes;
}

/** Runs a few lines in a process of their own, with `openModel` at hand. */
function inProcess(code: string): ChildProcess {
  const cache = new URL('../../src/hosts/node/packed-cache.ts', import.meta.url).href;
  const script = `import { openModel } from ${JSON.stringify(cache)};\n${code}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function exitCode(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

describe('openModel', () => {
  it('packs once, then finds the file', async () => {
    const cacheDir = await temporaryFolder();
    const first = await openModel(spec, 'int4', { cacheDir });
    const written = await stat(first.path);
    await first.model.close();
    const second = await openModel(spec, 'int4', { cacheDir });
    await second.model.close();
    expect(first.packMs).toBeGreaterThan(0);
    expect(second.packMs).toBe(0);
    expect(second.path).toBe(first.path);
    expect((await stat(first.path)).ino).toBe(written.ino);
    expect(first.model).toMatchObject({ name: 'synthetic:test-odd@0', weights: 'int4' });
  });

  it('keeps formats and models apart', async () => {
    const cacheDir = await temporaryFolder();
    for (const weights of ['f16', 'int8'] as const) {
      for (const seed of [1, 2]) {
        const { model } = await openModel(`${spec}@${seed}`, weights, { cacheDir });
        expect(model).toMatchObject({ name: `synthetic:test-odd@${seed}`, weights });
        await model.close();
      }
    }
    expect((await files(cacheDir)).length).toBe(4);
  });

  it('packs anew when the weights change', async () => {
    const [cacheDir, folder] = [await temporaryFolder(), await temporaryFolder()];
    await writeModel(folder);
    const before = await openModel(folder, 'f32', { cacheDir });
    await before.model.close();
    const norm = { dtype: 'F32', shape: [8], data: floatBytes(Array(8).fill(3)) };
    await writeModel(folder, { tensors: { ...tinyTensors(), 'model.norm.weight': norm } });
    const after = await openModel(folder, 'f32', { cacheDir });
    const bytes = await after.model.read('finalNorm', 'data');
    expect([...new Float32Array(bytes.slice().buffer)]).toEqual(Array(8).fill(3));
    expect(after.path).not.toBe(before.path);
    await after.model.close();
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['noise', (bytes) => Buffer.alloc(bytes.length, 0xa5)],
    ['half', (bytes) => bytes.subarray(0, bytes.length / 2)],
    [
      'a header of another version',
      (bytes) =>
        Buffer.from(bytes.toString('latin1').replace('"packing":"1"', '"packing":"9"'), 'latin1'),
    ],
    ['one wrong bit at the end', (bytes) => bytes.fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)],
    ['wrong weights all over', (bytes) => bytes.fill(0x77, 20000)],
  ])('makes a cache file that holds %s again', async (_, damage) => {
    const cacheDir = await temporaryFolder();
    const good = await openModel(spec, 'int4', { cacheDir });
    await good.model.close();
    const bytes = await readFile(good.path);
    await writeFile(good.path, damage(Buffer.from(bytes)));
    const healed = await openModel(spec, 'int4', { cacheDir });
    const planes = [...healed.model.tensors.values()].map(({ name, format }) =>
      healed.model.read(name, format === 'int4' ? 'codes' : 'data'),
    );
    await Promise.all(planes);
    await healed.model.close();
    expect((await readFile(good.path)).equals(bytes)).toBe(true);
    expect((await files(cacheDir)).length).toBe(1);
  });

  it('is one clear error where the cache cannot be written', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    const opening = openModel(spec, 'int4', { cacheDir: join(folder, 'file') });
    await expect(opening).rejects.toMatchObject({ code: 'io' });
    await expect(opening).rejects.toThrow(/Cannot write .*file\/packed/);
  });

  it('does not hang where the system lets no folder be made', async () => {
    const opening = openModel(spec, 'int4', { cacheDir: '/proc/mtok' });
    await expect(opening).rejects.toMatchObject({ code: 'io' });
  });

  it('leaves no trace without a cache', async () => {
    const cacheDir = await temporaryFolder();
    const { model, path, packMs } = await openModel(spec, 'int4', { cacheDir, noCache: true });
    expect((await model.read('embed', 'codes')).byteLength).toBe(
      model.planeBytes('embed', 'codes'),
    );
    expect(path.startsWith(tmpdir())).toBe(true);
    expect(packMs).toBeGreaterThan(0);
    await model.close();
    await expect(stat(dirname(path))).rejects.toThrow(/ENOENT/);
    expect(await files(cacheDir)).toEqual([]);
  });

  it('serves many at once in one process', async () => {
    const cacheDir = await temporaryFolder();
    const all = await Promise.all(Array.from({ length: 8 }, () => embedCodes(cacheDir)));
    for (const bytes of all) expect(bytes.equals(all[0] ?? Buffer.alloc(0))).toBe(true);
    expect((await files(cacheDir)).length).toBe(1);
  });

  it('serves several processes at once', async () => {
    const cacheDir = await temporaryFolder();
    const code = `
      const { model } = await openModel('${spec}', 'int4', { cacheDir: ${JSON.stringify(cacheDir)} });
      for (const { name, format } of model.tensors.values()) {
        await model.read(name, format === 'int4' ? 'codes' : 'data');
      }
      await model.close();`;
    const codes = await Promise.all([1, 2, 3].map(() => exitCode(inProcess(code))));
    expect(codes).toEqual([0, 0, 0]);
    expect((await files(cacheDir)).length).toBe(1);
    expect((await embedCodes(cacheDir)).equals(await embedCodes(await temporaryFolder()))).toBe(
      true,
    );
  });

  it('is not misled by a process that was killed while packing', async () => {
    const cacheDir = await temporaryFolder();
    const large = 'synthetic:smollm2-135m';
    const options = JSON.stringify({ cacheDir });
    const child = inProcess(`await openModel('${large}', 'f32', ${options});`);
    const ended = exitCode(child);
    const packedDir = join(cacheDir, 'packed');
    for (;;) {
      const [name] = await readdir(packedDir).catch(() => []);
      if (name && (await stat(join(packedDir, name))).size > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const [left, ...others] = await readdir(packedDir);
    expect(left).toMatch(/\.tmp$/);
    expect(others).toEqual([]);
    // Long enough ago that nobody can be writing it any more.
    const past = new Date(Date.now() - 120_000);
    await utimes(join(packedDir, left ?? ''), past, past);
    await embedCodes(cacheDir);
    expect((await readdir(packedDir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('writeFileAtomic', () => {
  it('keeps the old file and no temporary one when writing fails', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a', 'file');
    await writeFileAtomic(path, (sink) => sink.write(0, Buffer.from('old')));
    const failing = writeFileAtomic(path, async (sink) => {
      await sink.write(0, Buffer.from('new'));
      throw new Error('midway');
    });
    await expect(failing).rejects.toMatchObject({
      code: 'io',
      message: `Cannot write ${path}: midway`,
    });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(dirname(path))).toEqual(['file']);
  });
});

describe('sweepTemporaries', () => {
  it('takes only what nobody can be writing', async () => {
    const folder = await temporaryFolder();
    const host = hostname().replaceAll(/[^\w]/g, '_').slice(0, 40);
    const dead = 2 ** 22 + 1; // above the highest process number of Linux
    const ageMinutes: Record<string, number> = {
      [`x.${host}-${dead}-ab.tmp`]: 5,
      [`fresh.${host}-${dead}-ab.tmp`]: 0,
      [`mine.${host}-${process.pid}-ab.tmp`]: 5,
      'other.elsewhere-1-ab.tmp': 5,
      'ancient.elsewhere-1-ab.tmp': 3000,
      'model.safetensors': 3000,
    };
    for (const [name, minutes] of Object.entries(ageMinutes)) {
      await writeFile(join(folder, name), '');
      const then = new Date(Date.now() - minutes * 60_000);
      await utimes(join(folder, name), then, then);
    }
    await sweepTemporaries(folder);
    const left = ['fresh', 'mine', 'model', 'other'];
    expect((await readdir(folder)).map((name) => name.split('.')[0]).sort()).toEqual(left);
    await sweepTemporaries(join(folder, 'absent'));
  });
});

describe('sha256File', () => {
  // `printf abc | sha256sum`
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

  it('hashes, and remembers only what has not changed since', async () => {
    const folder = await temporaryFolder();
    const hashes = join(folder, 'hashes');
    await mkdir(hashes);
    const path = join(folder, 'file');
    await writeFile(path, 'abc');
    expect(await sha256File(path)).toBe(abc);
    expect(await sha256File(path, hashes)).toBe(abc);
    await writeFile(path, 'abd');
    expect(await sha256File(path, hashes)).not.toBe(abc);
    await expect(sha256File(join(folder, 'absent'), hashes)).rejects.toMatchObject({
      code: 'model',
    });
  });
});
