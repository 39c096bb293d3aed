import { stringify } from 'yaml';
import type { Known } from '../../economics/quantity.ts';
import { plainText } from '../format.ts';
import { quantityOptionText } from './hour-text.ts';

/** An owned hour as an entry of a price book. */
export interface OwnPrice {
  gpu: string;
  usdPerGpuHour: Known;
  /** How it was come by: the command line. */
  source: string;
  /** YYYY-MM-DD. */
  readOn: string;
}

/** YAML that `--prices` takes. */
export function ownPriceYaml({ gpu, usdPerGpuHour, source, readOn }: OwnPrice): string {
  const { value, low } = usdPerGpuHour;
  const entry = {
    gpu: plainText(gpu),
    provider: 'own',
    kind: 'owned',
    usdPerGpuHour: low === null ? value : quantityOptionText(usdPerGpuHour),
    source: plainText(source),
    readOn,
  };
  return stringify({ gpus: [entry] }, { lineWidth: 0 });
}
