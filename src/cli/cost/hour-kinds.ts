import { buyOrRent } from '../../economics/ownership/buy-or-rent.ts';
import { commitmentBill } from '../../economics/ownership/commitment.ts';
import { type EdgeInput, edgeDevice } from '../../economics/ownership/edge-device.ts';
import { type OwnedInput, ownedHour } from '../../economics/ownership/owned-hour.ts';
import { spotHour } from '../../economics/ownership/spot-hour.ts';
import { type Inputs, type PropagateOptions, propagate } from '../../economics/propagate.ts';
import { exact, isKnown, type Known, type Quantity, unknown } from '../../economics/quantity.ts';
import type { NamedFigures } from '../../report/cost/hour-json.ts';
import { flagOf, type HourFigureName, type HourFigures } from './hour-figures.ts';
import type { HourRequest } from './hour-options.ts';

/** What an hour of a kind comes to. */
export interface HourAnswer {
  inputs: Inputs<string>;
  items: NamedFigures;
  usdPerGpuHour: Quantity;
  sections: Record<string, NamedFigures>;
  notes: string[];
}

const MINUTES_PER_HOUR = 60;

/** All-in: the rent is the hour. */
export function rentedHour({ figures }: HourRequest): HourAnswer {
  const rent = needed(figures, 'price');
  return {
    inputs: { usdPerGpuHour: rent },
    items: { rent },
    usdPerGpuHour: rent,
    sections: {},
    notes: [],
  };
}

export function spotHourAnswer({ figures, seed }: HourRequest): HourAnswer {
  const inputs = {
    spotUsdPerGpuHour: needed(figures, 'price'),
    onDemandUsdPerGpuHour: needed(figures, 'onDemandPrice'),
    preemptionsPerHour: figures.preemptionsPerHour ?? exact(0),
    reloadMinutes: figures.reloadMinutes ?? exact(0),
    lostMinutes: figures.lostMinutes ?? exact(0),
    spotShare: figures.spotShare ?? exact(1),
    overProvision: figures.overProvision ?? exact(1),
  };
  const { usdPerGpuHour, spot, onDemand, spareCapacity, ...more } = propagate(
    inputs,
    ({ reloadMinutes, lostMinutes, ...rest }) =>
      spotHour({
        ...rest,
        reloadHours: reloadMinutes / MINUTES_PER_HOUR,
        lostHours: lostMinutes / MINUTES_PER_HOUR,
      }),
    { seed },
  );
  return {
    inputs,
    items: {
      spot,
      ...(inputs.spotShare.value === 1 ? {} : { onDemand }),
      ...(inputs.overProvision.value === 1 ? {} : { spareCapacity }),
    },
    usdPerGpuHour,
    sections: { spot: more },
    notes:
      figures.preemptionsPerHour === null
        ? ['No preemptions are counted; give --preemptions-per-hour and what each wastes.']
        : [],
  };
}

export function committedHour({ figures, seed }: HourRequest): HourAnswer {
  const used = needed(figures, 'usedHours');
  const committed = needed(figures, 'committedHours');
  const inputs = {
    committedUsdPerGpuHour: needed(figures, 'price'),
    onDemandUsdPerGpuHour: needed(figures, 'onDemandPrice'),
    committedGpuHours: committed,
    usedGpuHours: used,
    ceilingGpuHours: figures.ceilingHours ?? committed,
  };
  const { usdPerGpuHour, usedShare, committedItem, unused, overflow, ...bill } = propagate(
    inputs,
    (numbers) => {
      const result = commitmentBill(numbers);
      const perUsedHour = (usd: number) => usd / numbers.usedGpuHours;
      return {
        ...result,
        committedItem: perUsedHour(result.committedUsd),
        unused: perUsedHour(result.unusedUsd),
        overflow: perUsedHour(result.overflowUsd),
      };
    },
    { seed },
  );
  return {
    inputs,
    items: { committed: committedItem, unused, overflow },
    usdPerGpuHour,
    sections: { bill: { ...bill, usedShare } },
    notes: [
      'The price is of an hour used; hours paid and not used are in it, so give --utilization only what is lost within used hours.',
    ],
  };
}

export function ownedHourAnswer({ figures, gpus, seed }: HourRequest): HourAnswer {
  const inputs: Inputs<OwnedInput> = {
    capexUsd: needed(figures, 'capex'),
    residualUsd: figures.residual ?? exact(0),
    years: needed(figures, 'years'),
    interest: figures.interest ?? exact(0),
    availability: figures.availability ?? exact(1),
    gpus: exact(gpus),
    hostingUsdPerYear: figures.hostingPerYear ?? exact(0),
    softwareUsdPerYear: figures.softwarePerYear ?? exact(0),
    ...powerInputs(figures),
  };
  const { usdPerGpuHour, usdPerYear, ...results } = propagate(inputs, ownedHour, { seed });
  const items = Object.entries(results).filter(([name]) => isCounted(name, figures));
  const rent = figures.rentPrice;
  const left = [
    ...(figures.powerKw === null ? ['electricity (--power-kw, --tariff)'] : []),
    ...(figures.hostingPerYear === null ? ['hosting (--hosting-per-year)'] : []),
  ];
  return {
    inputs: rent === null ? inputs : { ...inputs, rentUsdPerGpuHour: rent },
    items: Object.fromEntries(items),
    usdPerGpuHour,
    sections: rent === null ? {} : { buyOrRent: buyingPays(inputs, rent, { seed }) },
    notes: [
      ...(left.length === 0 ? [] : [`Not counted: ${left.join(', ')}.`]),
      'An hour in which the GPU could be used; how much of it is used goes into --utilization.',
      ...(rent === null ? [] : [lifeNote(inputs, rent, seed)]),
    ],
  };
}

function isCounted(item: string, figures: HourFigures): boolean {
  switch (item) {
    case 'busyPower':
      return figures.powerKw !== null;
    case 'idlePower':
      return figures.powerKw !== null && figures.busyShare !== null;
    case 'hosting':
      return figures.hostingPerYear !== null;
    case 'software':
      return figures.softwarePerYear !== null;
    default:
      return true;
  }
}

/** Without --power-kw electricity is left out; with it, what is needed and was not given is unknown. */
function powerInputs(figures: HourFigures) {
  const isCounted = figures.powerKw !== null;
  return {
    powerKw: figures.powerKw ?? exact(0),
    idlePowerKw: isCounted ? needed(figures, 'idlePowerKw') : exact(0),
    busyShare: figures.busyShare ?? exact(1),
    pue: figures.pue ?? exact(1),
    usdPerKilowattHour: isCounted ? needed(figures, 'tariff') : exact(0),
  };
}

function buyingPays(
  inputs: Inputs<OwnedInput>,
  rentUsdPerGpuHour: Known,
  options: PropagateOptions,
): NamedFigures {
  const all: Inputs<OwnedInput | 'rentUsdPerGpuHour'> = { ...inputs, rentUsdPerGpuHour };
  const pays = propagate(
    all,
    ({ rentUsdPerGpuHour: rent, ...owned }) => {
      const { hosting, software, busyPower, idlePower } = ownedHour(owned);
      return buyOrRent({
        capexUsd: owned.capexUsd / owned.gpus,
        residualUsd: owned.residualUsd / owned.gpus,
        rentUsdPerGpuHour: rent,
        runningUsdPerHour: hosting + software + busyPower + idlePower,
      });
    },
    options,
  );
  return { hours: orNever(pays.hours), months: orNever(pays.months) };
}

function orNever(quantity: Quantity): Quantity {
  return quantity.value === Number.POSITIVE_INFINITY
    ? unknown('never: an hour of the owned GPU costs as much to run as one costs to rent')
    : quantity;
}

function lifeNote(inputs: Inputs<OwnedInput>, rent: Known, seed: number): string {
  const { hours = unknown('') } = buyingPays(inputs, rent, { seed });
  const { years, availability } = inputs;
  const life = 365 * 24 * (years.value ?? 0) * (availability.value ?? 0);
  const basis =
    'Buying pays after hours of use that would have been rented, interest left out and the residual taken off';
  return isKnown(hours) && hours.value > life
    ? `${basis}; its life has only ${Math.round(life)} of them: it never pays.`
    : `${basis}.`;
}

export function edgeHour({ figures, seed }: HourRequest): HourAnswer {
  const isPowerCounted = figures.powerKw !== null;
  const inputs: Inputs<EdgeInput> = {
    capexUsd: needed(figures, 'capex'),
    years: needed(figures, 'years'),
    hoursPerDay: needed(figures, 'hoursPerDay'),
    decodeTps: needed(figures, 'outputTps'),
    powerKw: figures.powerKw ?? exact(0),
    usdPerKilowattHour: isPowerCounted ? needed(figures, 'tariff') : exact(0),
  };
  const results = propagate(inputs, edgeDevice, { seed });
  const { device, busyPower, usdPerGpuHour, joulesPerToken, ...tokens } = results;
  const { energyUsdPerMtok, ...withoutEnergy } = tokens;
  return {
    inputs,
    items: { device, ...(isPowerCounted ? { busyPower } : {}) },
    usdPerGpuHour,
    sections: {
      device: isPowerCounted ? { ...tokens, joulesPerOutputToken: joulesPerToken } : withoutEnergy,
    },
    notes: [
      'A device serves one person, so most of its hours make no tokens: all of its price is put on those that do.',
      ...(isPowerCounted ? [] : ['Not counted: electricity (--power-kw, --tariff).']),
    ],
  };
}

/** A figure, or the reason why what depends on it is unknown. */
export function needed(figures: HourFigures, name: HourFigureName): Quantity {
  return figures[name] ?? unknown(`${flagOf(name)} was not given`);
}
