import type { VolumeCosts } from '../../economics/business/volume-costs.ts';
import { isKnown, type Quantity } from '../../economics/quantity.ts';
import { type GridColumn, textGrid } from '../text-grid.ts';
import { percentText } from './figure.ts';
import { countText, moneyText } from './margin-money.ts';

const right = (...heading: string[]): GridColumn => ({ heading, align: 'right' });

/** A row a volume: what either side costs a month, and which is cheapest. */
export function volumeTable(volumes: readonly VolumeCosts[]): string[] {
  if (volumes.length === 0) return [];
  const hasProbability = volumes.some((volume) => volume.probabilitySelfCheaper !== null);
  return [
    '',
    ...textGrid(
      [
        right('Mtok', 'a month'),
        right('API', 'USD'),
        right('deploy-', 'ments'),
        right('', 'in use'),
        right('self-host', 'USD'),
        right('hybrid', 'USD'),
        right('of it on', 'own GPUs'),
        right('USD per', 'Mtok'),
        { heading: ['', 'cheapest'], align: 'left' },
        ...(hasProbability ? [right('P(self', '< API)')] : []),
      ],
      volumes.map((volume) => [
        ...volumeCells(volume),
        ...(hasProbability ? [volume.probabilitySelfCheaper?.toFixed(2) ?? ''] : []),
      ]),
    ),
  ];
}

function volumeCells(volume: VolumeCosts): string[] {
  const { results } = volume;
  return [
    mtokText(volume.mtokPerMonth),
    text(results.apiUsd, dollarsText),
    text(results.deployments, countText),
    text(results.utilization, percentText),
    text(results.selfUsd, dollarsText),
    text(results.hybridUsd, dollarsText),
    text(results.hybridSelfShare, percentText),
    text(results.hybridUsdPerMtok, moneyText),
    cheapestOf(volume) ?? 'unknown',
  ];
}

function text(quantity: Quantity, show: (value: number) => string): string {
  return isKnown(quantity) ? show(quantity.value) : 'unknown';
}

/** The cheapest mix is the API alone where it has no deployments, and self-hosting where it serves all. */
export function cheapestOf({ results }: VolumeCosts): 'API' | 'self-host' | 'hybrid' | null {
  const { hybridSelfShare, hybridUsd } = results;
  if (!isKnown(hybridSelfShare) || !isKnown(hybridUsd)) return null;
  if (hybridSelfShare.value === 0) return 'API';
  return hybridSelfShare.value === 1 ? 'self-host' : 'hybrid';
}

/** `$4,161`; cents below a thousand. */
export function dollarsText(usd: number): string {
  return usd >= 1000 && usd < 1e12 ? `$${countText(Math.round(usd))}` : moneyText(usd);
}

/** `693.5`, `4,334.4`, `never` for what has no end. */
export function mtokText(mtok: number): string {
  if (mtok === Number.POSITIVE_INFINITY) return 'never';
  if (mtok >= 1e12) return mtok.toPrecision(4);
  if (mtok > 0 && mtok < 1e-4) return mtok.toPrecision(3);
  return mtok >= 1000 ? countText(Number(mtok.toFixed(1))) : String(Number(mtok.toPrecision(5)));
}
