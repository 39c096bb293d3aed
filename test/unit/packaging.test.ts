import { execFileSync } from 'node:child_process';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { homeFolder } from '../../src/hosts/node/home-folder.ts';
import { damagedFiles, readBundle } from '../../src/hosts/node/offline-bundle.ts';
import { compileSource, packageName } from '../../src/packaging/compile-source.ts';
import { LAUNCHER, stubPackage } from '../../src/packaging/launcher.ts';
import { llamaPartOf } from '../../src/packaging/llama-cpp.ts';
import { writeManifest } from '../../src/packaging/manifest.ts';
import { sharedLibraries } from '../../src/packaging/node-binary.ts';
import { isCarriedFile, selectPackages } from '../../src/packaging/packages.ts';
import { isCarriedSource, writeSources } from '../../src/packaging/sources.ts';
import { splitFile } from '../../src/packaging/split-file.ts';
import { neededSymbolVersions } from '../../src/packaging/symbol-versions.ts';
import { temporaryFolder } from '../support/model-directory.ts';

let folder = '';
beforeEach(async () => {
  folder = await temporaryFolder();
});

async function write(path: string, text: string): Promise<string> {
  const full = join(folder, path);
  await mkdir(join(full, '..'), { recursive: true });
  await writeFile(full, text);
  return full;
}

describe('sources', () => {
  it('lose their types and name the files they are translated to', async () => {
    const text = `import { type A, b } from './b.ts';
import type { C } from '../c.ts';
import table from './table.json' with { type: 'json' };
import { z } from 'zod';
import { join } from 'node:path';
export * from './d.ts';
export const url = new URL('./x.wgsl', import.meta.url);
export const late = async (c: C): Promise<A> => (await import('./late.ts')).run(c, b, z, join, table, "'./e.ts'") as A;
`;
    const { code, files, packages } = await compileSource('/src/a.ts', text);
    expect(files.sort()).toEqual(['./b.js', './d.js', './late.js', './table.json']);
    expect(packages).toEqual(['zod']);
    expect(code).toContain('import { b } from "./b.js"');
    expect(code).toContain('import("./late.js")');
    expect(code).toContain('new URL("./x.wgsl", import.meta.url)');
    expect(code).toContain("'./e.ts'");
    expect(code).not.toMatch(/Promise<|\bas A\b|c\.ts/);
  });

  it('that are not TypeScript are named', async () => {
    await expect(compileSource('/src/a.ts', 'const = ;')).rejects.toThrow('/src/a.ts');
  });

  it('are those that run in Node, with what they read', () => {
    const paths = ['src/a.ts', 'kernels/a.wgsl', 'bench/shapes.json', 'src/web/bench.ts'];
    paths.push('src/packaging/main.ts', 'src/backends/ort/README.md', 'src/a.d.ts');
    expect(paths.filter(isCarriedSource)).toEqual(paths.slice(0, 3));
  });

  it('may not import what stays behind', async () => {
    await write('src/web/page.ts', 'export const a = 1;\n');
    await write('src/cli/b.ts', "export { a } from '../web/page.ts';\n");
    await write('kernels/k.ts', '');
    await write('bench/k.ts', '');
    await expect(writeSources(folder, join(folder, 'out'))).rejects.toThrow(
      'src/cli/b.ts imports src/web/page.js',
    );
  });
});

describe('packages', () => {
  it('are taken with those they depend on and their licences, not with other systems’ files', async () => {
    await write('node_modules/a/package.json', '{"version":"1.0.0","dependencies":{"@s/b":"1"}}');
    await write('node_modules/a/LICENSE', 'A');
    await write('node_modules/a/a.js', '');
    await write('node_modules/a/a.d.ts', '');
    await write('node_modules/@s/b/package.json', '{"version":"2.0.0","license":"MIT"}');
    await write('node_modules/@s/b/licence.md', 'B');
    const { packages, stubs } = await selectPackages(folder, ['a', 'vite']);
    expect(packages.map(({ name, version, files }) => [name, version, files])).toEqual([
      ['@s/b', '2.0.0', ['licence.md', 'package.json']],
      ['a', '1.0.0', ['LICENSE', 'a.js', 'package.json']],
    ]);
    expect(packages[0]?.licenceFile).toBe('node_modules/@s/b/licence.md');
    expect(stubs).toEqual([]);
    await rm(join(folder, 'node_modules/a/LICENSE'));
    await expect(selectPackages(folder, ['a'])).rejects.toThrow('a has no licence');
    await expect(selectPackages(folder, ['c'])).rejects.toThrow('c is not installed');
  });

  it.each([
    ['webgpu', 'dist/linux-x64/dawn.node', true],
    ['webgpu', 'dist/darwin-universal/dawn.node', false],
    ['onnxruntime-node', 'bin/napi-v6/linux/x64/libonnxruntime.so.1', true],
    ['onnxruntime-node', 'bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so', false],
    ['@huggingface/transformers', 'dist/transformers.web.js', false],
    ['zod', 'index.d.cts', false],
  ])('%s %s: %s', (name, path, expected) => {
    expect(isCarriedFile(name, path)).toBe(expected);
  });

  it('that are imported for nothing throw when they are used', async () => {
    const { packageJson, code } = stubPackage('sharp');
    await write('node_modules/sharp/package.json', packageJson);
    await write('node_modules/sharp/index.js', code);
    const use = await write('use.mjs', "import sharp from 'sharp';\nsharp();\n");
    expect(() => execFileSync(process.execPath, [use], { stdio: 'pipe' })).toThrow(
      'The package sharp is not in the offline bundle',
    );
  });

  it('have the name before a path in them', () => {
    expect(['zod', 'protobufjs/light.js', '@a/b', '@a/b/c'].map(packageName)).toEqual([
      'zod',
      'protobufjs',
      '@a/b',
      '@a/b',
    ]);
  });
});

describe('llama.cpp', () => {
  it.each([
    ['node_modules/node-llama-cpp/dist/index.js', 'common'],
    ['node_modules/node-llama-cpp/LICENSE', 'common'],
    ['node_modules/@node-llama-cpp/linux-x64-cuda/bins/linux-x64-cuda/llama-addon.node', 'common'],
    ['node_modules/@node-llama-cpp/linux-x64-cuda/bins/linux-x64-cuda/libggml-cuda.so', 'cuda'],
    ['node_modules/node-llama-cpp/llama/llama.cpp.info.json', 'common'],
    ['node_modules/node-llama-cpp/llama/gitRelease.bundle', null],
    ['node_modules/node-llama-cpp/dist/index.d.ts', null],
    ['node_modules/.package-lock.json', null],
    ['package.json', null],
  ])('%s: %s', (path, part) => {
    expect(llamaPartOf(path)).toBe(part);
  });
});

describe('an archive that is too large', () => {
  it('is cut into parts that make it up, in place of earlier ones', async () => {
    const path = await write('a.tar.xz', '0123456789');
    await write('a.tar.xz.part9', 'old');
    await write('b.tar.xz.part1', 'of another');
    const parts = await splitFile(path, 4);
    expect(parts).toEqual([1, 2, 3].map((number) => `${path}.part${number}`));
    const texts = await Promise.all(parts.map((part) => readFile(part, 'utf8')));
    expect(texts).toEqual(['0123', '4567', '89']);
    const left = ['a.tar.xz.part1', 'a.tar.xz.part2', 'a.tar.xz.part3', 'b.tar.xz.part1'];
    expect((await readdir(folder)).sort()).toEqual(left);
  });

  it('stays whole when it is as large as a part', async () => {
    const path = await write('a.tar.xz', '0123');
    expect(await splitFile(path, 4)).toEqual([path]);
  });
});

it('the newest symbols that programs ask for are found', () => {
  const text = 'x\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0GLIBCXX_3.4.9\0MYGLIBC_9.9\0';
  const bytes = new TextEncoder().encode(text);
  expect(neededSymbolVersions([bytes.subarray(0, 20), bytes.subarray(1)])).toEqual({
    GLIBC: '2.34',
    GLIBCXX: '3.4.9',
  });
});

it('a Node that needs libraries of its system is known', () => {
  expect(sharedLibraries({ node_shared: false, node_shared_zlib: false, napi: 1 })).toEqual([]);
  const shared = { node_shared: true, node_shared_openssl: true };
  expect(sharedLibraries(shared)).toEqual(['libnode', 'openssl']);
});

describe('a bundle', () => {
  const facts = { name: 'mtok', version: '1.2.3', commit: null, carries: { node: '20.0.0' } };

  it('says of every file whether it is whole', async () => {
    await write('src/a.js', 'a');
    const program = await write('bin/node', '\0GLIBC_2.28\0');
    expect(readBundle(folder)).toBeNull();
    await writeManifest(folder, facts);
    const bundle = readBundle(folder);
    if (!bundle) throw new Error('no bundle');
    expect(bundle.manifest).toMatchObject({ ...facts, needs: { GLIBC: '2.28' } });
    // Of the three letters "a".
    expect(bundle.manifest.files['src/a.js']).toEqual({
      bytes: 1,
      sha256: 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    });
    expect(await damagedFiles(bundle)).toEqual([]);
    await truncate(program, 3);
    await rm(join(folder, 'src/a.js'));
    expect(await damagedFiles(bundle)).toEqual(['bin/node', 'src/a.js']);
  });

  it('takes a second archive over the first', async () => {
    await write('src/a.js', 'a');
    await writeManifest(folder, facts);
    await write('bundle-extra.json', await manifestOfAnother());
    expect(readBundle(folder)?.parts.map(({ name }) => name)).toEqual(['extra']);
    await write('bundle-extra.json', '{"name":"extra"');
    expect(() => readBundle(folder)).toThrow('bundle-extra.json is damaged');
  });

  async function manifestOfAnother(): Promise<string> {
    const other = await temporaryFolder();
    return JSON.stringify(await writeManifest(other, { ...facts, name: 'extra' }));
  }
});

describe('the launcher', () => {
  async function launch(program: string, cwd: string): Promise<string> {
    // Another shell stands for Node and prints what it was started with.
    return execFileSync(program, ['a b', '--c'], { cwd, env: { PATH: '' }, encoding: 'utf8' });
  }

  beforeEach(async () => {
    await write('mtok 1/bin/mtok.js', 'printf "%s|" "$0" "$@"\n');
    await copyFile('/bin/sh', join(folder, 'mtok 1/bin/node'));
    await chmod(await write('mtok 1/mtok', LAUNCHER), 0o755);
  });

  it('needs nothing but a shell', async () => {
    const home = join(folder, 'mtok 1');
    expect(await launch(join(home, 'mtok'), '/')).toBe(`${home}/bin/mtok.js|a b|--c|`);
    expect(await launch('./mtok', home)).toBe('./bin/mtok.js|a b|--c|');
  });

  it('follows links', async () => {
    await symlink(join(folder, 'mtok 1/mtok'), join(folder, 'link'));
    const printed = execFileSync(join(folder, 'link'), ['x'], { encoding: 'utf8' });
    expect(printed).toContain('mtok 1/bin/mtok.js|x|');
  });
});

it('a user without a home gets a folder for temporary files', () => {
  const unknown = () => {
    throw new Error('ENOENT');
  };
  expect(homeFolder(() => '/home/me')).toBe('/home/me');
  expect(homeFolder(unknown)).toMatch(/^\/.*mtok-home-/);
  expect(homeFolder(() => '')).toMatch(/^\/.*mtok-home-/);
});
