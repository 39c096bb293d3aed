import type { LeverBasis } from '../../economics/levers/lever.ts';
import type { LeverEffect, LeverEffects } from '../../economics/levers/lever-effects.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { plainText } from '../format.ts';
import { textGrid, wrapText } from '../text-grid.ts';
import {
  type FigureJson,
  figureJson,
  figureText,
  intervalText,
  percentText,
  usdText,
  valueText,
} from './figure.ts';

const WIDTH = 100;
const LONGEST_NAME = 28;
/** An interaction closer to 1 than this is none. */
const NO_INTERACTION = 0.005;

/** What `mtok cost task` says of the levers of a unit. */
export interface ShownLevers {
  effects: LeverEffects;
  /** Of the records that levers rest on. */
  notes: readonly string[];
}

/** The levers as a waterfall: each alone, then the cost with all down to it, and what they do together. */
export function leversLines({ effects, notes }: ShownLevers): string[] {
  const { usdPerResolved, stackedFactor, together } = effects;
  const rows = [
    row('without levers', '', usdPerResolved, null, usdPerResolved),
    ...effects.effects.map(({ lever, usdPerResolved: alone, factor, stackedUsdPerResolved }) =>
      row(lever.name, BASES[lever.basis.kind], alone, factor, stackedUsdPerResolved),
    ),
    row('all at once', '', together.usdPerResolved, together.factor, null),
  ];
  return [
    'Levers, on a resolved unit:',
    ...textGrid(
      [
        { heading: ['lever', ''], align: 'left' },
        { heading: ['rests', 'on'], align: 'left' },
        { heading: ['USD', 'alone'], align: 'right' },
        { heading: ['times', ''], align: 'right' },
        { heading: ['95 % interval', ''], align: 'left' },
        { heading: ['saves', ''], align: 'right' },
        { heading: ['USD down', 'to here'], align: 'right' },
      ],
      rows,
    ),
    ...wrapText(
      `Down the table each lever saves its share of what those above leave: times ${figureText(stackedFactor)} in ` +
        `all. ${interactionText(effects)}`,
      WIDTH,
    ),
    ...effects.effects.flatMap((effect) => qualityLines(effect, effects.resolvedShare)),
    ...basisLines(effects.effects),
    ...notes.flatMap((note) => wrapText(`${plainText(note)}.`, WIDTH)),
    ...unknownLines(effects),
  ];
}

const BASES: Readonly<Record<LeverBasis['kind'], string>> = {
  measured: 'measured',
  model: 'its model',
  stated: 'a source',
  assumed: 'assumed',
};

function row(
  name: string,
  basis: string,
  alone: Quantity,
  factor: Quantity | null,
  stacked: Quantity | null,
): string[] {
  return [
    shortName(name),
    basis,
    valueText(alone),
    factor === null ? '' : valueText(factor),
    factor === null ? '' : intervalText(factor),
    factor === null || !isKnown(factor) ? '' : percentText(1 - factor.value),
    stacked === null ? '' : valueText(stacked),
  ];
}

function shortName(name: string): string {
  const text = plainText(name);
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 3)}...` : text;
}

function interactionText({ interaction, together }: LeverEffects): string {
  if (!isKnown(interaction)) return '';
  const { value } = interaction;
  const cost = `All at once the unit costs ${usdText(together.usdPerResolved)}, `;
  if (Math.abs(value - 1) < NO_INTERACTION) return `${cost}which is the same.`;
  const why =
    value > 1 ? 'in part they save the same thing' : 'one makes more of what another leaves';
  return `${cost}${figureText(interaction)} times that: ${why}.`;
}

function qualityLines({ lever, resolvedShare }: LeverEffect, before: Quantity): string[] {
  if (!isKnown(resolvedShare) || !isKnown(before)) return [];
  if (Math.abs(resolvedShare.value - before.value) < 1e-9) return [];
  return wrapText(
    `With ${plainText(lever.name)} ${percentText(resolvedShare.value)} of the units are resolved, without it ` +
      `${percentText(before.value)}; the dollars above count that.`,
    WIDTH,
  );
}

function basisLines(effects: readonly LeverEffect[]): string[] {
  const assumed = effects.filter(({ lever }) => lever.basis.kind === 'assumed');
  const names = assumed.map(({ lever }) => plainText(lever.name)).join(', ');
  return [
    ...(assumed.length === 0 ? [] : wrapText(`Assumed, not measured: ${names}.`, WIDTH)),
    ...effects.flatMap(({ lever }) => {
      const { name, basis } = lever;
      if (basis.kind === 'stated') {
        return wrapText(`${plainText(name)}: ${plainText(basis.source)}.`, WIDTH);
      }
      if (basis.kind === 'model') {
        const model = plainText(basis.model);
        return wrapText(`${plainText(name)}: at the price of ${model} in this file.`, WIDTH);
      }
      return [];
    }),
  ];
}

function unknownLines({ effects, usdPerResolved }: LeverEffects): string[] {
  const all = [usdPerResolved, ...effects.map(({ factor }) => factor)];
  const reasons = all.map((figure) => (isKnown(figure) ? '' : plainText(figure.reason)));
  return [...new Set(reasons)]
    .filter((reason) => reason !== '')
    .flatMap((reason) => wrapText(`Unknown: ${reason}.`, WIDTH));
}

/** The same for other programs. */
export function leversJson({ effects, notes }: ShownLevers) {
  const { usdPerResolved, resolvedShare, stackedFactor, together, interaction } = effects;
  return {
    usdPerResolved: figureJson(usdPerResolved),
    resolvedShare: figureJson(resolvedShare),
    each: effects.effects.map(leverJson),
    stackedFactor: figureJson(stackedFactor),
    together: {
      usdPerResolved: figureJson(together.usdPerResolved),
      factor: figureJson(together.factor),
      resolvedShare: figureJson(together.resolvedShare),
    },
    interaction: figureJson(interaction),
    notes,
  };
}

function leverJson(effect: LeverEffect) {
  const { lever, usdPerResolved, resolvedShare, factor, stackedUsdPerResolved } = effect;
  const figures: Record<string, FigureJson> = {
    usdPerResolved: figureJson(usdPerResolved),
    resolvedShare: figureJson(resolvedShare),
    factor: figureJson(factor),
    stackedUsdPerResolved: figureJson(stackedUsdPerResolved),
  };
  return { name: lever.name, kind: lever.kind, basis: lever.basis, ...figures };
}
