import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Energy } from '../../src/core/energy.ts';
import { Rng } from '../../src/core/rng.ts';
import { exact, isKnown, unknown } from '../../src/economics/quantity.ts';
import { monthlyBill, monthlyBillOf } from '../../src/economics/tokens/monthly-bill.ts';
import {
  methodWeights,
  multiplierWeights,
  SPLIT_METHODS,
  type SplitInput,
  splitAllocations,
  splitBill,
  splitByMethods,
} from '../../src/economics/tokens/split-methods.ts';
import { type EngineStep, splitSteps } from '../../src/economics/tokens/split-steps.ts';
import { readEngineSteps } from '../../src/economics/tokens/split-steps-file.ts';
import { ratesFromTotal } from '../../src/economics/tokens/split-total.ts';
import { tokenCosts, tokenCostsOf } from '../../src/economics/tokens/token-costs.ts';
import { tokenEnergy } from '../../src/economics/tokens/token-energy.ts';

/** OpenCost's documented example: $3.20 for 12M prompt tokens, 800k of them cached, and 3M generated ones. */
const openCost = {
  usd: 3.2,
  inputTokens: 12e6,
  freshTokens: 11.2e6,
  outputTokens: 3e6,
};

const request: Record<SplitInput, number> = {
  prefillTps: 20_000,
  decodeTps: 2000,
  usdPerGpuHour: 2.85,
  gpus: 1,
  utilization: 1,
  cacheHit: 0,
  inputTokens: 1500,
  outputTokens: 300,
  blendInput: 1500,
  blendOutput: 300,
  batch: 64,
};

const knownRequest = (changes: Partial<Record<SplitInput, Parameters<typeof isKnown>[0]>> = {}) =>
  ({
    ...Object.fromEntries(Object.entries(request).map(([name, value]) => [name, exact(value)])),
    ...changes,
  }) as Record<SplitInput, Parameters<typeof isKnown>[0]>;

describe('a bill split by a rule', () => {
  it('is that of the documented example, by compute time and by the multiplier', () => {
    const byTime = splitBill(openCost, { input: 600, output: 600 });
    expect(byTime.blendedUsdPerMtok).toBeCloseTo(0.213333, 6);
    expect(byTime.freshInputUsdPerMtok).toBeCloseTo(0.142857, 6);
    expect(byTime.outputUsdPerMtok).toBeCloseTo(0.533333, 6);
    expect(11.2 * byTime.freshInputUsdPerMtok + 3 * byTime.outputUsdPerMtok).toBeCloseTo(3.2, 12);
    const byMultiplier = splitBill(openCost, multiplierWeights(openCost, 2.5));
    expect(byMultiplier.freshInputUsdPerMtok).toBeCloseTo(0.171123, 6);
    expect(byMultiplier.outputUsdPerMtok).toBeCloseTo(0.427807, 6);
  });

  it("gives NVIDIA's two prices from the one, three to one", () => {
    // $87,500 a year for 153.3 billion tokens. The mix is not stated: 3,175 in and 325 out of a request's 3,500 tokens
    // are the whole numbers that these prices follow from.
    const counts = { inputTokens: 3175, freshTokens: 3175, outputTokens: 325 };
    const bill = { usd: (3500 * 87_500) / 153.3e9, ...counts };
    const prices = splitBill(bill, multiplierWeights(bill, 3));
    expect(prices.blendedUsdPerMtok).toBeCloseTo(0.570776, 6);
    expect(prices.inputUsdPerMtok).toBeCloseTo(0.481378, 6);
    expect(prices.outputUsdPerMtok).toBeCloseTo(1.444133, 6);
  });

  it('shows how far meters of request time are off: a batch of 64', () => {
    const results = splitByMethods(request);
    expect(100 * results['gpu-seconds/inputShare']).toBeCloseTo(33.3, 1);
    expect(100 * results['request-seconds/inputShare']).toBeCloseTo(0.78, 2);
    expect(100 * results['mean-tpot-sum/inputShare']).toBeCloseTo(70.1, 1);
  });

  it('agrees with requests that a clock follows through a server', () => {
    // Decode steps of 64 sequences take 64 / 2000 s; each request sees all its 300 steps pass.
    const step = 64 / 2000;
    let [prefill, decode] = [0, 0];
    for (let k = 0; k < 64; k++) {
      prefill += 1500 / 20_000;
      for (let token = 0; token < 300; token++) decode += step;
    }
    const expected = prefill / (prefill + decode);
    expect(splitByMethods(request)['request-seconds/inputShare']).toBeCloseTo(expected, 10);
  });

  const anyRequest = fc.record({
    prefillTps: fc.double({ min: 1, max: 1e7, noNaN: true }),
    decodeTps: fc.double({ min: 0.1, max: 1e6, noNaN: true }),
    usdPerGpuHour: fc.double({ min: 0.01, max: 1000, noNaN: true }),
    gpus: fc.integer({ min: 1, max: 64 }),
    utilization: fc.double({ min: 0.01, max: 1, noNaN: true }),
    cacheHit: fc.double({ min: 0, max: 0.99, noNaN: true }),
    inputTokens: fc.integer({ min: 1, max: 1_000_000 }),
    outputTokens: fc.integer({ min: 1, max: 1_000_000 }),
    blendInput: fc.constant(1),
    blendOutput: fc.constant(1),
    batch: fc.integer({ min: 1, max: 512 }),
  });

  it('is the same bill by every rule', () => {
    fc.assert(
      fc.property(anyRequest, (inputs) => {
        const results = splitByMethods(inputs);
        const { inputTokens, outputTokens } = inputs;
        const bills = SPLIT_METHODS.map(
          (method) =>
            inputTokens * results[`${method}/inputUsdPerMtok`] +
            outputTokens * results[`${method}/outputUsdPerMtok`],
        );
        for (const bill of bills) expect(bill / (bills[0] ?? 0)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is the split by GPU-seconds where the multiplier is the measured P / D', () => {
    fc.assert(
      fc.property(anyRequest, (inputs) => {
        const { inputTokens, outputTokens, cacheHit, prefillTps, decodeTps } = inputs;
        const times = { ...inputs, freshTokens: (1 - cacheHit) * inputTokens, outputTokens };
        const bySeconds = methodWeights('gpu-seconds', times);
        const byRatio = multiplierWeights(times, prefillTps / decodeTps);
        expect(byRatio.input / byRatio.output / (bySeconds.input / bySeconds.output)).toBeCloseTo(
          1,
          9,
        );
      }),
    );
  });

  it('leaves the rules unknown that need a batch which nobody gave', () => {
    const allocations = splitAllocations(knownRequest({ batch: unknown('no batch') }));
    const known = allocations.map(({ figures }) => isKnown(figures.inputShare));
    expect(known).toEqual([true, true, true, false, false]);
    expect(allocations[3]?.figures.inputShare).toEqual(unknown('no batch'));
    expect(allocations.map(({ allocationMethod }) => allocationMethod)).toEqual([...SPLIT_METHODS]);
  });

  it('has no price for output where there is none, and none for input', () => {
    const silent = splitBill(
      { usd: 1, inputTokens: 10, freshTokens: 10, outputTokens: 0 },
      { input: 1, output: 0 },
    );
    expect(silent).toMatchObject({ inputShare: 1, inputUsdPerMtok: 1e5, outputUsdPerMtok: 0 });
    const blind = splitBill(
      { usd: 1, inputTokens: 0, freshTokens: 0, outputTokens: 10 },
      { input: 1, output: 1 },
    );
    expect(blind.inputUsdPerMtok).toBeNaN();
  });
});

describe('mixed batches', () => {
  /** Steps of a server whose truth is known: 4 ms, 40 µs a prompt token, 100 µs a decoded one. */
  function mixedSteps(count: number, noise: number, seed = 1): EngineStep[] {
    const rng = new Rng('steps', seed);
    return Array.from({ length: count }, () => {
      const kind = rng.integer(0, 3);
      const prefillTokens = kind === 0 ? 0 : rng.integer(1, 1025);
      const decodeTokens = kind === 1 ? 0 : rng.integer(1, 129);
      const truth = 0.004 + 40e-6 * prefillTokens + 100e-6 * decodeTokens;
      return { seconds: truth * (1 + noise * rng.normal()), prefillTokens, decodeTokens };
    });
  }

  it('gives back the line that made the steps', () => {
    const { fit } = splitSteps(mixedSteps(300, 0));
    expect(fit?.fixedSeconds).toBeCloseTo(0.004, 10);
    expect(fit?.secondsPerPrefillToken).toBeCloseTo(40e-6, 12);
    expect(fit?.secondsPerDecodeToken).toBeCloseTo(100e-6, 12);
    expect(fit?.rSquared).toBeCloseTo(1, 10);
    expect(fit?.steps).toBe(300);
  });

  it('charges both phases all the time that was measured, noise or not', () => {
    const steps = mixedSteps(500, 0.1);
    const { prefillTps, decodeTps, fit } = splitSteps(steps);
    const sum = (of: (step: EngineStep) => number) => steps.reduce((all, s) => all + of(s), 0);
    const seconds =
      sum((s) => s.prefillTokens) / (prefillTps.value ?? 0) +
      sum((s) => s.decodeTokens) / (decodeTps.value ?? 0);
    expect(seconds / sum((s) => s.seconds)).toBeCloseTo(1, 9);
    expect(fit?.rSquared).toBeGreaterThan(0.8);
    expect(fit?.rSquared).toBeLessThan(0.999);
  });

  it('leaves the fixed part of a step to the phase that is alone in it', () => {
    const steps = [1, 2, 3, 4].flatMap((k) => [
      { seconds: 1 + k, prefillTokens: k, decodeTokens: 0 },
      { seconds: 1 + 2 * k, prefillTokens: 0, decodeTokens: k },
    ]);
    const { prefillTps, decodeTps } = splitSteps(steps);
    expect(prefillTps.value).toBeCloseTo(10 / 14, 10);
    expect(decodeTps.value).toBeCloseTo(10 / 24, 10);
    expect(prefillTps.low).toBeNull();
  });

  it('has intervals that hold the truth about as often as they say', () => {
    const truth = splitSteps(mixedSteps(200_000, 0)).prefillTps.value ?? 0;
    let held = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { prefillTps } = splitSteps(mixedSteps(640, 0.1, 100 + seed), { seed });
      if ((prefillTps.low ?? 0) <= truth && truth <= (prefillTps.high ?? 0)) held++;
    }
    // 95 % of 40 is 38; fewer than 33 happen by chance once in 300
    expect(held).toBeGreaterThanOrEqual(33);
  }, 60_000);

  it('is unknown where tokens do not vary apart, or take no time', () => {
    const alike = [1, 2, 3, 4].map((k) => ({ seconds: k, prefillTokens: k, decodeTokens: 8 }));
    expect(splitSteps(alike).fit).toBeNull();
    expect(splitSteps(alike).decodeTps).toMatchObject({ value: null });
    const faster = [1, 2, 3, 4].map((k) => ({
      seconds: 10 - k,
      prefillTokens: k,
      decodeTokens: k * k,
    }));
    const { fit, prefillTps } = splitSteps(faster);
    expect(fit).not.toBeNull();
    expect(prefillTps).toMatchObject({ reason: expect.stringContaining('no time') });
  });

  it.each([
    ['step_ms,prefill_tokens\n1,2\n', 'steps.csv:1: no column decode_tokens'],
    ['step_ms,prefill_tokens,decode_tokens\n0,2,1\n', 'steps.csv:2: step_ms must be above 0'],
    ['step_ms,prefill_tokens,decode_tokens\n5,1,1\n-1,2,1\n', 'steps.csv:3: step_ms must be'],
    ['step_ms,prefill_tokens,decode_tokens\n5,NaN,1\n', 'steps.csv:2: prefill_tokens must be'],
    ['step_ms,prefill_tokens,decode_tokens\n5,0,0\n', 'both 0'],
    ['step_ms,prefill_tokens,decode_tokens\n', 'no rows'],
  ])('refuses %j', (text, message) => {
    expect(() => readEngineSteps(text, 'steps.csv')).toThrow(message);
  });
});

describe('the bill of a month', () => {
  const month = { ...request, utilization: 0.4, requestsPerMonth: 12e6 };

  it('is that of its requests, in parts of deployments and in whole ones', () => {
    const bill = monthlyBill(month);
    // 0.225 s each: 750 busy hours, 1,875 paid ones at 40 %
    expect(bill.usdPerMonth).toBeCloseTo(1875 * 2.85, 6);
    expect(bill.deployments).toBeCloseTo(1875 / 730, 9);
    expect(bill.wholeDeployments).toBe(3);
    expect(bill.wholeUsdPerMonth).toBeCloseTo(3 * 730 * 2.85, 6);
    expect(bill.wholeUtilization).toBeCloseTo(750 / 2190, 9);
    expect(bill.requestsPerDeploymentMonth).toBeCloseTo((730 * 3600 * 0.4) / 0.225, 3);
  });

  it('takes one deployment up to what it serves, and two beyond', () => {
    const { requestsPerDeploymentMonth: most } = monthlyBill(month);
    const deployments = (requestsPerMonth: number) =>
      monthlyBill({ ...month, requestsPerMonth }).wholeDeployments;
    expect([1, most * 0.999, most * 1.001].map(deployments)).toEqual([1, 1, 2]);
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (requestsPerMonth) => {
        const bill = monthlyBill({ ...month, requestsPerMonth });
        expect(bill.wholeUtilization).toBeLessThanOrEqual(0.4 + 1e-9);
        expect(bill.wholeUsdPerMonth).toBeGreaterThanOrEqual(bill.usdPerMonth * (1 - 1e-9));
      }),
    );
  });

  it('is unknown without a rate', () => {
    const inputs = { ...knownRequest({ decodeTps: unknown('no decode') }) };
    const bill = monthlyBillOf({ ...inputs, requestsPerMonth: exact(1e6) });
    expect(bill.usdPerMonth).toEqual(unknown('no decode'));
    expect(bill.wholeDeployments).toEqual(unknown('no decode'));
  });
});

describe('the energy of tokens', () => {
  /** ML.ENERGY's 70B model on two B200 at batch 8: 3.569266 J a token. */
  const phase = (joulesPerToken: number) => ({
    ...{ joules: 1, windowMs: 1, windows: 1, samples: 9, tokens: 1, meanW: 1698.02 },
    joulesPerToken,
  });
  const energy: Energy = {
    ...{ source: 'nvidia-smi', idleW: null, idleSamples: 0, launches: 1 },
    prefill: phase(0.25),
    decode: phase(3.569266),
  };
  const counts = { inputTokens: exact(1500), outputTokens: exact(300), cacheHit: exact(0.5) };

  it('is that of computed and of generated tokens', () => {
    const { figures, source } = tokenEnergy({ id: 'r', energy }, counts);
    expect(source).toBe('nvidia-smi');
    expect(figures.joulesPerOutputToken.value).toBe(3.569266);
    expect(figures.outputKilowattHoursPerMtok.value).toBeCloseTo(0.991463, 6);
    expect(figures.joulesPerRequest.value).toBeCloseTo(750 * 0.25 + 300 * 3.569266, 2);
  });

  it('is unknown where it was not measured, unless no token needs it', () => {
    const half = { id: 'r', energy: { ...energy, prefill: null } };
    expect(tokenEnergy(half, counts).figures.joulesPerRequest).toMatchObject({
      reason: 'record r measured no energy of prefill',
    });
    const cached = { ...counts, cacheHit: exact(1) };
    expect(isKnown(tokenEnergy(half, cached).figures.joulesPerRequest)).toBe(true);
    const none = tokenEnergy({ id: 'r', energy: null }, counts);
    expect(none.source).toBeNull();
    expect(isKnown(none.figures.joulesPerOutputToken)).toBe(false);
  });
});

describe('a split of a total rate', () => {
  /** OpenCost's example as an hour at $3.20: 15M tokens, 12M of them prompt, 800k of those cached. */
  const hour = {
    totalTps: exact(15e6 / 3600),
    inputTokens: exact(12e6),
    outputTokens: exact(3e6),
    cacheHit: exact(0.8 / 12),
  };

  it('is the documented example of the rule', () => {
    const { prefill, decode } = ratesFromTotal(hour, 2.5);
    const costs = tokenCosts({
      ...request,
      prefillTps: prefill.value ?? 0,
      decodeTps: decode.value ?? 0,
      usdPerGpuHour: 3.2,
      cacheHit: 0.8 / 12,
      inputTokens: 12e6,
      outputTokens: 3e6,
      blendInput: 12,
      blendOutput: 3,
    });
    expect(costs.usdPerRequest).toBeCloseTo(3.2, 9);
    expect(costs.blendedUsdPerMtok).toBeCloseTo(0.213333, 6);
    expect((costs.inputUsdPerMtok * 12) / 11.2).toBeCloseTo(0.171123, 6);
    expect(costs.outputUsdPerMtok).toBeCloseTo(0.427807, 6);
  });

  it('moves nothing but the split: the request costs the same by any rule', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 100, noNaN: true }), (weight) => {
        const { prefill, decode } = ratesFromTotal(hour, weight);
        const rates = { prefillTps: prefill.value ?? 0, decodeTps: decode.value ?? 0 };
        const counts = { cacheHit: 0.8 / 12, inputTokens: 12e6, outputTokens: 3e6 };
        const { gpuSecondsPerRequest } = tokenCosts({ ...request, ...counts, ...rates });
        expect(gpuSecondsPerRequest).toBeCloseTo(3600, 6);
      }),
    );
  });

  it('keeps both rates together: the request is as uncertain as the total', () => {
    const totalTps = { value: 4000, low: 3600, high: 4400 };
    const counts = { inputTokens: exact(1500), outputTokens: exact(300), cacheHit: exact(0) };
    const { prefill, decode } = ratesFromTotal({ totalTps, ...counts }, 2.5);
    const costs = tokenCostsOf({
      ...knownRequest(),
      prefillTps: prefill,
      decodeTps: decode,
    });
    const seconds = costs.gpuSecondsPerRequest;
    expect(seconds.value).toBeCloseTo(0.45, 9);
    expect((seconds.high ?? 0) / (1800 / 3600)).toBeCloseTo(1, 2);
    expect((seconds.low ?? 0) / (1800 / 4400)).toBeCloseTo(1, 2);
  });
});
