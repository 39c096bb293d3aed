/** A tensor of a step and when it holds something: in each range from the operation that writes it to its last reader. */
export interface ArenaTensor {
  readonly bytes: number;
  /** Ranges of operations, first and last inclusive. */
  readonly live: readonly (readonly [first: number, last: number])[];
}

/** Buffers that tensors share. */
export interface ArenaPlan<Name> {
  /** Bytes of each buffer. */
  slots: number[];
  /** Index of a tensor's buffer. */
  slotOf: ReadonlyMap<Name, number>;
}

/**
 * Gives every tensor one of few buffers; two that are live at the same operation never share one. A tensor is live
 * where it is read for the last time, so an operation's output is never in the buffer of one of its inputs, which
 * WebGPU forbids (a buffer is read-only or writable in a dispatch) and kernels do not expect.
 * First fit, largest first: a buffer's size is that of its first tensor.
 */
export function planArena<Name>(tensors: ReadonlyMap<Name, ArenaTensor>): ArenaPlan<Name> {
  const bySize = [...tensors].sort(([, a], [, b]) => b.bytes - a.bytes);
  const slots: { bytes: number; tenants: ArenaTensor[] }[] = [];
  const slotOf = new Map<Name, number>();
  for (const [name, tensor] of bySize) {
    const free = slots.findIndex(({ tenants }) =>
      tenants.every((other) => !overlap(tensor, other)),
    );
    const slot = slots[free];
    if (slot) slot.tenants.push(tensor);
    else slots.push({ bytes: tensor.bytes, tenants: [tensor] });
    slotOf.set(name, slot ? free : slots.length - 1);
  }
  return { slots: slots.map(({ bytes }) => bytes), slotOf };
}

function overlap(a: ArenaTensor, b: ArenaTensor): boolean {
  return a.live.some(([first, last]) =>
    b.live.some(([otherFirst, otherLast]) => first <= otherLast && otherFirst <= last),
  );
}
