import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseStep } from '../../bench/kernels/case.ts';
import { kernelCases } from '../../bench/kernels/cases/index.ts';
import { featuresOf } from '../../bench/kernels/requirements.ts';
import type { GpuDevice } from '../../src/gpu/device.ts';
import { openGpuDevice } from '../../src/gpu/open.ts';
import { assemble } from '../../src/gpu/preamble.ts';
import { createDawn, type Dawn } from '../../src/hosts/node/dawn.ts';
import { nodeHost } from '../../src/hosts/node/host.ts';

/** A feature of no software adapter: only Dawn's front end can say whether texts that need it are right. */
const FEATURE = 'chromium-experimental-subgroup-matrix';

/** Steps that need the feature, one for each text. */
async function stepsByText(): Promise<Map<string, CaseStep>> {
  const steps = kernelCases.flatMap((kernelCase) => kernelCase.steps);
  const texts = new Map<string, CaseStep>();
  for (const step of steps.filter((step) => featuresOf(step).includes(FEATURE))) {
    texts.set((await assemble(step.instance, nodeHost)).code, step);
  }
  return texts;
}

let dawn: Dawn;
let gpu: GpuDevice;
beforeAll(async () => {
  dawn = await createDawn({ safety: 'safe', backend: 'null' });
  gpu = await openGpuDevice(dawn.gpu);
});
afterAll(async () => {
  await gpu.dispose();
  dawn.dispose();
});

async function errorsOf(code: string): Promise<string[]> {
  gpu.device.pushErrorScope('validation');
  const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
  await gpu.device.popErrorScope();
  return messages.map(({ type, lineNum, message }) => `${type} ${lineNum}: ${message}`);
}

describe('texts for matrix units', () => {
  it('compile with the front end of Dawn, without errors or warnings', async () => {
    expect(gpu.device.features.has(FEATURE)).toBe(true);
    const texts = await stepsByText();
    expect(texts.size).toBeGreaterThan(20);
    const names = new Set<string>();
    for (const [code, { instance }] of texts) {
      expect(await errorsOf(code), `${instance.spec.name}\n${code}`).toEqual([]);
      names.add(instance.spec.name);
    }
    expect([...names]).toEqual(['matmul-subgroup-matrix', 'attention-subgroup-matrix']);
  });

  it('would be refused were an operand of the wrong shape or loaded from outside of its tile', async () => {
    const [text = ''] = [...(await stepsByText()).keys()];
    const swapped = text.replace(
      'subgroup_matrix_left<f16, MK, MM>',
      'subgroup_matrix_left<f16, MM, 7>',
    );
    expect((await errorsOf(swapped)).join()).toContain('subgroupMatrixMultiplyAccumulate');
    const outside = text.replace('&parts, at, stride', '&parts, 100000u, stride');
    expect((await errorsOf(outside)).join()).toContain('too small');
  });
});
