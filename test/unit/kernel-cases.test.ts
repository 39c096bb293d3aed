import { describe, expect, it } from 'vitest';
import { kernelCases } from '../../bench/kernels/cases/index.ts';
import { coveringCases, exercisedBy } from '../../bench/kernels/cover.ts';
import { isPortable } from '../../bench/kernels/requirements.ts';
import { kernels } from '../../kernels/index.ts';
import * as modules from '../../kernels/modules.ts';
import type { ShaderModule } from '../../src/gpu/kernel.ts';

/** Every shader module that kernels/modules.ts exports, whatever the record it stands in. */
function allModules(): ShaderModule[] {
  return Object.values(modules).flatMap((group) =>
    typeof group === 'object' ? Object.values<ShaderModule>(group) : [],
  );
}

describe('the kernel cases', () => {
  it.each(kernels)('exercise $name, and without features that it does not need', (spec) => {
    const { name, needs = [] } = spec;
    const own = kernelCases.filter(({ kernel }) => kernel === name);
    expect(own.length).toBeGreaterThanOrEqual(2);
    expect(own.some(isPortable)).toBe(needs.length === 0);
    for (const { steps } of own) {
      expect(steps.map(({ instance }) => instance.spec.name)).toContain(name);
    }
  });

  it.each(allModules().map(({ name }) => name))('exercise module %s', (name) => {
    const used = kernelCases.flatMap(({ steps }) =>
      steps.flatMap(({ instance }) => Object.values(instance.modules).map((m) => m.name)),
    );
    expect(used).toContain(name);
  });

  it('name kernels that exist', () => {
    const names = new Set(kernels.map(({ name }) => name));
    expect(kernelCases.filter(({ kernel }) => !names.has(kernel))).toEqual([]);
  });

  it('have names of their own, so that a failure tells which', () => {
    const names = kernelCases.map(({ kernel, name, seed }) => `${kernel} ${name} ${seed}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are covered by a part of them', () => {
    const part = coveringCases(kernelCases);
    expect(new Set(part.flatMap(exercisedBy))).toEqual(new Set(kernelCases.flatMap(exercisedBy)));
    expect(part.length).toBeLessThan(kernelCases.length / 2);
  });
});
