import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/model-directory.ts';

const MODEL = ['accuracy', '-m', 'synthetic:test-1m'];
let cwd: string;
beforeEach(async () => {
  cwd = await temporaryFolder();
});
const mtok = (...args: string[]) => runCli([...MODEL, ...args], { cwd });

describe('accuracy', () => {
  it('tells the engine’s error from what formats cost, and the int8 cache from the f16 one', async () => {
    const args = ['-n', '32', '--variant', 'f16,int4', '--kv', 'f16,int8', '--json', 'a.json'];
    const { code, stdout, stderr } = await mtok(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('against kv=f16');
    const { rows, tokens, baseline } = JSON.parse(await readFile(join(cwd, 'a.json'), 'utf8'));
    expect(tokens).toHaveLength(32);
    expect(baseline).toEqual({ axis: 'kv', value: 'f16' });
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      expect(row.status).toBe('ok');
      expect(row.engine.positions).toBe(32);
      expect(row.engine.nmse).toBeLessThan(1e-5);
      expect(row.engine.nmse).toBeGreaterThan(0);
      expect(row.engine.topOne).toBe(1);
      // The engine's error is far below what its formats cost.
      expect(row.engine.kl.mean).toBeLessThan(0.1 * row.weights.kl.mean);
      const [low, high] = row.weights.kl.interval;
      expect(low).toBeLessThanOrEqual(row.weights.kl.mean);
      expect(high).toBeGreaterThanOrEqual(row.weights.kl.mean);
    }
    const [half, halfInt8, four, fourInt8] = rows;
    expect(four.weights.kl.mean).toBeGreaterThan(100 * half.weights.kl.mean);
    for (const row of [halfInt8, fourInt8]) {
      expect(row.variant.kv).toBe('int8');
      expect(row.baseline.kl.mean).toBeGreaterThan(1e-5);
      expect(row.baseline.kl.mean).toBeLessThan(0.02);
    }
    expect([half.baseline, four.baseline]).toEqual([null, null]);
  });

  it('fails where a gate does, and where an engine cannot', async () => {
    const args = ['--backend', 'ort-cpu', '--tokens', '5,6,7,8', '--variant', 'int4'];
    const { code, stdout } = await mtok(...args, '--kv', 'f32,int8', '--max-kl', '0.001');
    expect(code).toBe(1);
    expect(stdout).toMatch(/int4 f32 f32 ort-cpu: mean KL to float weights is [\d.]+, more than/);
    expect(stdout).toMatch(/int4 int8 auto +ort-cpu +unsupported/);
    expect(stdout).toMatch(/unsupported: ort-cpu keeps no int8 KV cache/);
  });
});
