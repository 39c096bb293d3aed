import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackOnce } from '../../src/hosts/node/unpack-once.ts';
import { untar } from '../../src/hosts/node/untar.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mtok-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('untar', () => {
  async function archive(): Promise<Uint8Array> {
    await mkdir(join(folder, 'in', 'lib'), { recursive: true });
    await writeFile(join(folder, 'in', 'program'), 'run', { mode: 0o755 });
    await writeFile(join(folder, 'in', 'lib', 'data'), new Uint8Array(1000).fill(7));
    await writeFile(join(folder, 'in', 'empty'), '');
    // An oracle of its own: the system's tar.
    return execFileSync('tar', ['cf', '-', '-C', join(folder, 'in'), 'program', 'lib', 'empty']);
  }

  it('reads what tar wrote', async () => {
    const entries = untar(await archive());
    expect(entries.map(({ name, executable, bytes }) => [name, executable, bytes.length])).toEqual([
      ['program', true, 3],
      ['lib/data', false, 1000],
      ['empty', false, 0],
    ]);
    expect(new TextDecoder().decode(entries[0]?.bytes)).toBe('run');
  });

  it('refuses a truncated archive, a bad size and a name outside', async () => {
    const whole = await archive();
    expect(() => untar(whole.slice(0, 2048))).toThrow(/ends after the archive/);
    const badSize = whole.slice();
    badSize.set(new TextEncoder().encode('99999999x99'), 124);
    expect(() => untar(badSize)).toThrow(/number "99999999x99"/);
    const outside = whole.slice();
    outside.set(new TextEncoder().encode('../etc\0'), 0);
    expect(() => untar(outside)).toThrow(/\.\.\/etc/);
  });
});

describe('unpackOnce', () => {
  let calls = 0;
  const fill = async (target: string): Promise<void> => {
    calls++;
    await writeFile(join(target, 'a'), 'content');
  };
  beforeEach(() => {
    calls = 0;
  });

  it('fills a folder once', async () => {
    const target = join(folder, 'cache', 'thing');
    await unpackOnce(target, fill);
    await unpackOnce(target, fill);
    expect(calls).toBe(1);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('content');
  });

  it.each([
    ['missing', (target: string) => rm(join(target, 'a'))],
    ['cut short', (target: string) => writeFile(join(target, 'a'), 'con')],
    ['changed', (target: string) => writeFile(join(target, 'a'), 'CONTENT')],
    ['without its list', (target: string) => rm(join(target, 'manifest.json'))],
  ])('fills it again when a file is %s', async (_, damage) => {
    const target = join(folder, 'thing');
    await unpackOnce(target, fill);
    await damage(target);
    await unpackOnce(target, fill);
    expect(calls).toBe(2);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('content');
  });

  it('serves several at once and leaves nothing beside the folder', async () => {
    const target = join(folder, 'thing');
    await Promise.all(Array.from({ length: 8 }, () => unpackOnce(target, fill)));
    expect(await readdir(folder)).toEqual(['thing']);
  });

  it('leaves nothing behind when filling fails', async () => {
    const target = join(folder, 'thing');
    const failing = unpackOnce(target, async (temporary) => {
      await fill(temporary);
      throw new Error('disk full');
    });
    await expect(failing).rejects.toMatchObject({ code: 'io' });
    expect(await readdir(folder)).toEqual([]);
  });
});
