import type { BenchRecord } from '../core/record.ts';
import { formatUsd, plainText } from './format.ts';

/** Names of the software adapters that ran some of these records. */
export function softwareAdapters(records: readonly BenchRecord[]): string[] {
  const names = records.flatMap(({ device }) =>
    device?.kind === 'software' ? [plainText(device.name)] : [],
  );
  return [...new Set(names)];
}

/** What must stand above and below figures that no GPU produced; null where one did. */
export function softwareCaveat(records: readonly BenchRecord[]): string | null {
  const adapters = softwareAdapters(records);
  if (adapters.length === 0) return null;
  const backends = new Set(
    records.filter((record) => record.device?.kind === 'software').map(({ cell }) => cell.backend),
  );
  const rows = backends.size === 1 ? 'its rows' : 'their rows';
  return (
    `SOFTWARE ADAPTER: ${[...backends].join(' and ')} ran on ${adapters.join(' and ')}. ` +
    `The timings in ${rows} are a software adapter's, not a GPU's.`
  );
}

/** What must stand above figures of sessions that turned out invalid; a line for each reason. */
export function invalidSessions(records: readonly BenchRecord[]): string[] {
  const reasons = records.flatMap(({ flags }) =>
    flags.filter(({ code }) => code === 'session-invalid').map(({ message }) => message),
  );
  return [...new Set(reasons)].map((reason) => `SESSION INVALID: ${plainText(reason)}`);
}

/** One line per price that some record was costed with: amount, for what, where from; stand-ins say so. */
export function priceLines(records: readonly BenchRecord[]): string[] {
  const lines = records.flatMap(({ cost }) => {
    if (cost === null) return [];
    const { gpu, source, date, standIn } = cost.price;
    const origin = `${plainText(source)}${date === null ? '' : `, ${plainText(date)}`}`;
    const what = `${formatUsd(cost.usdPerHour)} per hour for ${plainText(gpu)} (${origin})`;
    const caveat =
      ' STAND-IN: this machine has no price of its own, so the $ columns charge its speed at that' +
      " GPU's price and say nothing about what that GPU would cost. Give --gpu-price for yours.";
    return [`Price: ${what}.${standIn ? caveat : ''}`];
  });
  return [...new Set(lines)];
}
