/** A place at which two values differ, as a path of names and indices: `decode.tpotMs.p50`. */
export interface Difference {
  field: string;
  stored: unknown;
  recomputed: unknown;
}

/**
 * Where plain data differ: numbers by more than `tolerance` relative to the larger, everything else at all.
 * A field that only one of them has differs; so do its null and its absence.
 */
export function differences(
  stored: unknown,
  recomputed: unknown,
  tolerance: number,
  field: string,
): Difference[] {
  if (typeof stored === 'number' && typeof recomputed === 'number') {
    const size = Math.max(Math.abs(stored), Math.abs(recomputed));
    const isClose = Math.abs(stored - recomputed) <= tolerance * size;
    return isClose ? [] : [{ field, stored, recomputed }];
  }
  if (!isTree(stored) || !isTree(recomputed)) {
    return Object.is(stored, recomputed) ? [] : [{ field, stored, recomputed }];
  }
  const names = new Set([...Object.keys(stored), ...Object.keys(recomputed)]);
  return [...names].flatMap((name) =>
    differences(
      own(stored, name),
      own(recomputed, name),
      tolerance,
      field === '' ? name : `${field}.${name}`,
    ),
  );
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function own(tree: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(tree, name)?.value;
}
