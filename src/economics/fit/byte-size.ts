const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** How a person may write a size, for messages and help. */
export const BYTE_SIZE_SYNTAX =
  'a size with its unit, such as 80GB (80·10⁹ bytes) or 80GiB (80·2³⁰)';

/** Bytes of a size as typed; null without a unit, since 80 GB and 80 GiB differ by 7 %, and for anything else. */
export function readByteSize(text: string): number | null {
  const [, digits, unit] = /^(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?i?b)$/i.exec(text.trim()) ?? [];
  const size = unit === undefined ? undefined : UNITS[unit.toLowerCase()];
  return digits === undefined || size === undefined ? null : Number(digits) * size;
}
