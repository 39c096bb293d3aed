import type { Estimate } from '../core/record.ts';

/** Three significant digits without an exponent where a reader needs none: 1234, 12.3, 0.0012, 1.2e-7, 1.23e+15. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e15) return value.toPrecision(3);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  if (size >= 0.0001) return value.toPrecision(3);
  return value.toExponential(1);
}

/** Bytes as megabytes (10^6). */
export function formatMegabytes(bytes: number): string {
  return bytes > 0 && bytes < 1000 ? '<0.001' : formatNumber(bytes / 1e6);
}

/** `812 ±3.1%`: half the width of the 95 % interval in percent of the median; the median alone without one. */
export function formatEstimate(estimate: Estimate): string {
  const { median, low, high } = estimate;
  if (low === null || high === null || median === 0) return formatNumber(median);
  const percent = ((high - low) / 2 / median) * 100;
  return `${formatNumber(median)} ±${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)}%`;
}

/** `812 (790 to 835)`: the bounds as they are; they need not lie evenly about the median. */
export function formatInterval(estimate: Estimate): string {
  const { median, low, high } = estimate;
  if (low === null || high === null) return formatNumber(median);
  return `${formatNumber(median)} (${formatNumber(low)} to ${formatNumber(high)})`;
}

/** `$2.49`; more digits only for amounts below a cent. */
export function formatUsd(usd: number): string {
  const isInCents = usd === 0 || (usd >= 0.01 && usd < 1e15);
  return isInCents ? `$${usd.toFixed(2)}` : `$${formatNumber(usd)}`;
}

/** A duration as a person says it: `8 s`, `2 min 05 s`, `1 h 04 min`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `1 cell`, `2 cells`, `3 launches`. */
export function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${/(ch|s|x)$/.test(noun) ? 'es' : 's'}`;
}

/** Text from a file or a device on one line, without control characters that could act on a terminal. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}
