import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buyOrRent } from '../../src/economics/ownership/buy-or-rent.ts';
import { commitmentBill } from '../../src/economics/ownership/commitment.ts';
import { edgeDevice } from '../../src/economics/ownership/edge-device.ts';
import {
  electricityOfTokens,
  electricityUsdPerHour,
  joulesPerToken,
  tokensPerSecondPerMegawatt,
} from '../../src/economics/ownership/electricity.ts';
import {
  capitalRecoveryFactor,
  type OwnedInput,
  ownedHour,
} from '../../src/economics/ownership/owned-hour.ts';
import { recordEnergy } from '../../src/economics/ownership/record-energy.ts';
import { servedPrices } from '../../src/economics/ownership/served-prices.ts';
import { type SpotInput, spotHour } from '../../src/economics/ownership/spot-hour.ts';
import { propagate } from '../../src/economics/propagate.ts';
import { exact, unknown } from '../../src/economics/quantity.ts';
import { gpuRecord, sampleEnergy } from '../support/sample-records.ts';

const gpu: Record<OwnedInput, number> = {
  capexUsd: 35_000,
  residualUsd: 0,
  years: 4,
  interest: 0,
  availability: 1,
  gpus: 1,
  hostingUsdPerYear: 0,
  softwareUsdPerYear: 0,
  powerKw: 0,
  idlePowerKw: 0,
  busyShare: 1,
  pue: 1,
  usdPerKilowattHour: 0,
};

describe('an owned hour', () => {
  it.each([
    ['straight line over 4 years', {}, 0.998858],
    ['with 10 % left at the end', { residualUsd: 3500 }, 0.898973],
    ['with capital at 10 %', { interest: 0.1 }, 1.260443],
    ['with capital next to free', { interest: 1e-12 }, 0.998858],
  ])('%s', (_, changes, expected) => {
    expect(ownedHour({ ...gpu, ...changes }).usdPerGpuHour).toBeCloseTo(expected, 6);
  });

  it("is that of NVIDIA's server: $320,000 over 4 years, $3,000 hosting and $4,500 software a year", () => {
    const server = { ...gpu, capexUsd: 320_000, gpus: 8 };
    const hour = ownedHour({ ...server, hostingUsdPerYear: 3000, softwareUsdPerYear: 4500 });
    expect(hour.usdPerYear).toBeCloseTo(87_500, 6);
    expect(hour.usdPerGpuHour).toBeCloseTo(1.248573, 6);
  });

  it('has electricity by kW, PUE and tariff, and idle watts over idle time', () => {
    const power = { powerKw: 0.7, idlePowerKw: 0.1, pue: 1.3, usdPerKilowattHour: 0.08 };
    expect(electricityUsdPerHour({ ...power, busyShare: 1 })).toEqual({
      busy: expect.closeTo(0.0728, 12),
      idle: 0,
    });
    const hour = ownedHour({ ...gpu, ...power, busyShare: 0.25 });
    expect(hour.busyPower).toBeCloseTo(0.0728 / 4, 12);
    expect(hour.idlePower).toBeCloseTo(0.75 * 0.1 * 1.3 * 0.08, 12);
  });

  it('pays the purchase back: its payments are worth it at its interest', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (interest, years, residualShare) => {
          const inputs = { ...gpu, interest, years, residualUsd: residualShare * 35_000 };
          const payment = ownedHour(inputs).usdPerYear;
          let worth = inputs.residualUsd / (1 + interest) ** years;
          for (let year = 1; year <= years; year++) worth += payment / (1 + interest) ** year;
          expect(worth / 35_000).toBeCloseTo(1, 8);
        },
      ),
    );
  });

  it('is as dear as the hours in which it can be used are few', () => {
    const half = ownedHour({ ...gpu, availability: 0.5 });
    expect(half.usdPerGpuHour).toBeCloseTo(2 * 0.998858, 5);
    expect(half.usdPerYear).toBeCloseTo(35_000 / 4, 6);
    expect(capitalRecoveryFactor(0, 4)).toBe(0.25);
  });

  it('is unknown where a tariff is, and known beside it', () => {
    const inputs = Object.fromEntries(
      Object.entries(gpu).map(([name, value]) => [name, exact(value)]),
    ) as Record<OwnedInput, ReturnType<typeof exact>>;
    const noTariff = {
      ...inputs,
      powerKw: exact(0.7),
      usdPerKilowattHour: unknown('no tariff was given'),
    };
    const { usdPerGpuHour, capital } = propagate(noTariff, ownedHour);
    expect(usdPerGpuHour).toMatchObject({ value: null, reason: 'no tariff was given' });
    expect(capital.value).toBeCloseTo(0.998858, 6);
  });
});

describe('buying instead of renting', () => {
  it.each([
    [30_000, 3.5, 8571.43, 11.7417],
    [40_000, 2.85, 14_035.09, 19.2261],
  ])('$%d against $%f an hour pays after %f h', (capexUsd, rentUsdPerGpuHour, hours, months) => {
    const result = buyOrRent({ capexUsd, rentUsdPerGpuHour, residualUsd: 0, runningUsdPerHour: 0 });
    expect(result.hours).toBeCloseTo(hours, 2);
    expect(result.months).toBeCloseTo(months, 4);
  });

  it('never pays where running it costs the rent', () => {
    const result = buyOrRent({
      capexUsd: 30_000,
      rentUsdPerGpuHour: 0.5,
      residualUsd: 0,
      runningUsdPerHour: 0.5,
    });
    expect(result.hours).toBe(Number.POSITIVE_INFINITY);
  });
});

const spot: Record<SpotInput, number> = {
  spotUsdPerGpuHour: 1.25,
  onDemandUsdPerGpuHour: 2.95,
  preemptionsPerHour: 0,
  reloadHours: 0,
  lostHours: 0,
  spotShare: 1,
  overProvision: 1,
};

describe('a spot hour', () => {
  it('is 57.6271 % off, and costs 1.257545 where preemptions waste 0.6 % of it', () => {
    expect(100 * spotHour(spot).discountShare).toBeCloseTo(57.6271, 4);
    const preempted = { preemptionsPerHour: 0.06, reloadHours: 4 / 60, lostHours: 2 / 60 };
    expect(spotHour({ ...spot, ...preempted }).usdPerGpuHour).toBeCloseTo(1.257545, 6);
  });

  it('mixes with on-demand GPUs: 80 to 20 is 1.59', () => {
    const mixed = spotHour({ ...spot, spotShare: 0.8 });
    expect(mixed.usdPerGpuHour).toBeCloseTo(1.59, 12);
    const spare = spotHour({ ...spot, spotShare: 0.8, overProvision: 1.25 });
    expect(spare.usdPerGpuHour).toBeCloseTo(1.25 * 1.59, 12);
    expect(spare.spot + spare.onDemand + spare.spareCapacity).toBeCloseTo(spare.usdPerGpuHour, 12);
  });

  it('has no price where nothing is served, nor a mix without an on-demand price', () => {
    const all = { preemptionsPerHour: 2, reloadHours: 0.3, lostHours: 0.2 };
    expect(spotHour({ ...spot, ...all }).usdPerGpuHour).toBeNaN();
    const none = { ...spot, onDemandUsdPerGpuHour: Number.NaN };
    expect(spotHour(none).usdPerGpuHour).toBe(1.25);
    expect(spotHour({ ...none, spotShare: 0.5 }).usdPerGpuHour).toBeNaN();
  });

  it('costs what a year of it costs, hour by hour', () => {
    // every 20th hour ends in a preemption of 12 minutes: 99 % of the paid time serves
    let [paid, served] = [0, 0];
    for (let hour = 0; hour < 8760; hour++) {
      paid += 1.25;
      served += hour % 20 === 0 ? 0.8 : 1;
    }
    const inputs = { ...spot, preemptionsPerHour: 1 / 20, reloadHours: 0.2 };
    expect(spotHour(inputs).usdPerGpuHour).toBeCloseTo(paid / served, 12);
    expect(spotHour(inputs).availability).toBeCloseTo(20 / 20.2, 12);
  });
});

describe('a commitment', () => {
  const bill = (used: number, ceiling = 730) =>
    commitmentBill({
      committedUsdPerGpuHour: 2,
      onDemandUsdPerGpuHour: 3,
      committedGpuHours: 730,
      usedGpuHours: used,
      ceilingGpuHours: ceiling,
    });

  it.each([
    [730, 730, { committedUsd: 1460, unusedUsd: 0, overflowUsd: 0, totalUsd: 1460 }],
    [400, 730, { committedUsd: 800, unusedUsd: 660, overflowUsd: 0, totalUsd: 1460 }],
    [830, 730, { committedUsd: 1460, unusedUsd: 0, overflowUsd: 300, totalUsd: 1760 }],
    [830, 800, { committedUsd: 1600, unusedUsd: 0, overflowUsd: 90, totalUsd: 1690 }],
    [0, 730, { committedUsd: 0, unusedUsd: 1460, overflowUsd: 0, totalUsd: 1460 }],
  ])('of 730 GPU-hours with %d used, ceiling %d', (used, ceiling, expected) => {
    expect(bill(used, ceiling)).toMatchObject(expected);
  });

  it('costs more by the hour the less is used, and has no price by the hour without use', () => {
    expect(bill(365).usdPerGpuHour).toBe(4);
    expect(bill(365).usedShare).toBe(0.5);
    expect(bill(0).usdPerGpuHour).toBeNaN();
  });
});

describe('energy of tokens', () => {
  it("is that of ML.ENERGY's 70B on two B200 at batch 8", () => {
    const joules = joulesPerToken(1.69802, 475.73);
    expect(joules).toBeCloseTo(3.569266, 4);
    const energy = electricityOfTokens({
      joulesPerToken: 3.569266,
      pue: 1.3,
      usdPerKilowattHour: 0.08,
    });
    expect(energy.kilowattHoursPerMtok).toBeCloseTo(0.991463, 6);
    expect(energy.usdPerMtok).toBeCloseTo(0.103112, 6);
  });

  it("is that of InferenceX's H200: 0.346 J a token, 2,890,173 tokens/s a megawatt", () => {
    expect(joulesPerToken(1.73, 5000)).toBeCloseTo(0.346, 12);
    expect(tokensPerSecondPerMegawatt(1.73, 5000)).toBeCloseTo(2_890_173, 0);
  });

  it('of a record is what its meter saw, and unknown where it saw nothing', () => {
    expect(recordEnergy(gpuRecord({ energy: null }))).toMatchObject({
      decodeJoulesPerToken: { value: null, reason: expect.stringContaining('has no energy') },
      meter: null,
    });
    // 200 W for 3 s made 300 tokens
    const measured = recordEnergy(gpuRecord({ energy: { ...sampleEnergy(), prefill: null } }));
    expect(measured.decodeJoulesPerToken.value).toBe(2);
    expect(measured.prefillJoulesPerToken).toMatchObject({ value: null });
    expect(measured.idleWatts.value).toBe(75);
  });
});

describe('prices of what an hour serves', () => {
  const hour = {
    usdPerGpuHour: 1.74,
    gpus: 1,
    inputTps: 1000,
    outputTps: 4000,
    outputWeight: 3,
    requestsPerHour: 0,
    requestsPerRun: 1,
  };

  it("are InferenceX's three for its H200", () => {
    const prices = servedPrices(hour);
    expect(prices.allOnTotalUsdPerMtok).toBeCloseTo(0.096667, 6);
    expect(prices.allOnOutputUsdPerMtok).toBeCloseTo(0.120833, 6);
    expect(prices.allOnInputUsdPerMtok).toBeCloseTo(0.483333, 6);
    expect(prices.usdPerRequest).toBeNaN();
  });

  it("are NVIDIA's for its server: 5,000 requests an hour of 3,175 tokens in and 325 out", () => {
    const prices = servedPrices({
      ...hour,
      usdPerGpuHour: 87_500 / 8 / 8760,
      gpus: 8,
      inputTps: (5000 * 3175) / 3600,
      outputTps: (5000 * 325) / 3600,
      requestsPerHour: 5000,
      requestsPerRun: 4,
    });
    expect(prices.allOnTotalUsdPerMtok).toBeCloseTo(0.570776, 6);
    expect(prices.usdPer1000Requests).toBeCloseTo(1.997717, 6);
    expect(prices.usdPerRun).toBeCloseTo(0.007991, 6);
    expect(prices.byRatioInputUsdPerMtok).toBeCloseTo(0.481378, 6);
    expect(prices.byRatioOutputUsdPerMtok).toBeCloseTo(1.444133, 6);
  });

  it('by ratio pay the bill together', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1e5, noNaN: true }),
        fc.double({ min: 0.1, max: 1e5, noNaN: true }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        (inputTps, outputTps, outputWeight) => {
          const prices = servedPrices({ ...hour, inputTps, outputTps, outputWeight });
          const usd =
            (3600 / 1e6) *
            (inputTps * prices.byRatioInputUsdPerMtok + outputTps * prices.byRatioOutputUsdPerMtok);
          expect(usd / 1.74).toBeCloseTo(1, 9);
        },
      ),
    );
  });
});

describe('a device at the edge', () => {
  it('of $1,500, used 2 hours a day for 3 years at 30 tokens/s, costs $6.34 a Mtok and $0.04 of energy', () => {
    const device = edgeDevice({
      capexUsd: 1500,
      years: 3,
      hoursPerDay: 2,
      decodeTps: 30,
      powerKw: 0.03,
      usdPerKilowattHour: 0.15,
    });
    expect(device.lifeTokens).toBe(236_520_000);
    expect(device.deviceUsdPerMtok).toBeCloseTo(6.34, 2);
    expect(device.energyUsdPerMtok).toBeCloseTo(0.04, 2);
    expect(device.joulesPerToken).toBe(1);
    expect(device.utilisation).toBeCloseTo(1 / 12, 12);
    const fromHour = (device.usdPerGpuHour / (30 * 3600)) * 1e6;
    expect(fromHour).toBeCloseTo(device.usdPerMtok, 9);
  });
});
