import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'mtok-rules-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Names of the rules that a tree of files breaks. */
function brokenRules(files: Record<string, string>): string[] {
  const tree = mkdtempSync(join(scratch, 'tree-'));
  const all = { 'package.json': JSON.stringify({ dependencies: { webgpu: '1' } }), ...files };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const folders = ['src', 'kernels', 'bench'].filter((folder) =>
    Object.keys(files).some((path) => path.startsWith(`${folder}/`)),
  );
  const args = [
    join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
    '--config',
    join(root, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    ...folders,
  ];
  // With --output-type json the exit code is 0 whatever was found.
  const output = execFileSync(process.execPath, args, { cwd: tree, encoding: 'utf8' });
  const { summary } = JSON.parse(output) as {
    summary: { violations: { rule: { name: string } }[] };
  };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

/** Two modules, the first importing the second. */
function pair(
  from: string,
  to: string,
  importing = "import { b } from 'TO';\nexport const a = b;\n",
) {
  const up = '../'.repeat(from.split('/').length - 1);
  return {
    [from]: importing.replace('TO', `${up}${to}`),
    [to]: 'export const b = 1;\nexport type B = number;\n',
  };
}

describe('import rules', () => {
  it.each([
    ['src/model/a.ts', 'src/core/b.ts'],
    ['kernels/a.ts', 'src/gpu/kernel.ts'],
    ['src/measure/a.ts', 'src/backends/backend.ts'],
    ['src/cli/a.ts', 'src/store/b.ts'],
    ['src/hosts/node/a.ts', 'bench/kernels/b.ts'],
    ['bench/kernels/a.ts', 'src/backends/ort/b.ts'],
    ['src/backends/index.ts', 'src/backends/wgsl.ts'],
    ['src/backends/ort-cpu.ts', 'src/backends/ort/b.ts'],
  ])('%s may import %s', (from, to) => {
    expect(brokenRules(pair(from, to))).toEqual([]);
  });

  it.each([
    ['src/core/a.ts', 'src/model/b.ts', 'layer-core'],
    ['src/gpu/a.ts', 'kernels/b.ts', 'layer-gpu'],
    ['kernels/a.ts', 'src/gpu/device.ts', 'layer-kernels'],
    ['src/measure/a.ts', 'src/backends/wgsl.ts', 'layer-measure'],
    ['src/report/a.ts', 'src/backends/backend.ts', 'layer-report'],
    ['src/store/a.ts', 'src/hosts/b.ts', 'layer-store'],
    ['src/economics/a.ts', 'src/measure/b.ts', 'layer-economics'],
    ['src/imports/a.ts', 'src/report/b.ts', 'layer-imports'],
    ['src/backends/wgsl.ts', 'src/backends/reference.ts', 'backends-apart'],
    ['src/backends/wgsl.ts', 'src/backends/ort/b.ts', 'ort-only-for-ort'],
    ['src/hosts/a.ts', 'src/cli/b.ts', 'nobody-imports-the-top'],
    ['src/model/a.ts', 'bench/kernels/b.ts', 'layer-model'],
    ['bench/kernels/a.ts', 'src/hosts/b.ts', 'layer-bench'],
  ])('%s may not import %s', (from, to, rule) => {
    expect(brokenRules(pair(from, to))).toContain(rule);
  });

  it('counts imports of types and imports at run time', () => {
    const type = "import type { B } from 'TO';\nexport const a: B = 1;\n";
    expect(brokenRules(pair('src/core/a.ts', 'src/model/b.ts', type))).toContain('layer-core');
    const late = "export const a = () => import('TO');\n";
    expect(brokenRules(pair('src/core/a.ts', 'src/model/b.ts', late))).toContain('layer-core');
  });

  it('finds circles', () => {
    const files = {
      'src/core/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'src/core/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    };
    expect(brokenRules(files)).toEqual(['no-circular']);
  });

  it('finds modules that nothing reaches', () => {
    expect(brokenRules({ 'src/core/a.ts': 'export const a = 1;\n' })).toEqual(['no-orphans']);
  });

  it.each([
    ['src/model/a.ts', ['node-only-where-node-is']],
    ['src/hosts/node/a.ts', []],
    ['src/store/a.ts', []],
  ])('node: in %s breaks %j', (path, rules) => {
    const files = { [path]: "import { sep } from 'node:path';\nexport const a = sep;\n" };
    expect(brokenRules(files)).toEqual(rules);
  });

  it('lets a foreign engine in by one door', () => {
    const engine = {
      'node_modules/webgpu/package.json': JSON.stringify({ name: 'webgpu', main: 'index.js' }),
      'node_modules/webgpu/index.js': 'module.exports = {};\n',
    };
    const use = "import gpu from 'webgpu';\nexport const a = gpu;\n";
    expect(brokenRules({ ...engine, 'src/hosts/node/dawn.ts': use })).toEqual([]);
    expect(brokenRules({ ...engine, 'src/gpu/a.ts': use })).toEqual(['one-door-webgpu']);
  });
});
