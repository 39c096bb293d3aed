import { invariant } from '../../core/errors.ts';
import { bufferUsage } from '../../gpu/constants.ts';
import type { BufferKind, GpuDevice } from '../../gpu/device.ts';
import { kvRowBytes } from '../footprint.ts';
import { type Activation, planActivations } from './activations.ts';
import { MOST_RUN_AHEAD, RING, type RunBuffers, type RunShape } from './buffers.ts';

/** Allocates all that a run needs besides weights. Throws `out-of-memory` naming what there is no room for. */
export function allocateRun(gpu: GpuDevice, shape: RunShape): RunBuffers {
  const { config, batch, capacity, maxRows } = shape;
  const { STORAGE, COPY_SRC, COPY_DST, UNIFORM, MAP_READ } = bufferUsage;
  const make = (label: string, size: number, kind: BufferKind = 'activations', usage = 0) =>
    gpu.createBuffer({ kind, label, size, usage: STORAGE | COPY_DST | usage });
  const { kvHeads, headDim, layers } = config;
  const cacheRows = batch * kvHeads * capacity;
  const scaleBytes = shape.kv === 'int8' ? cacheRows * 4 : 0;
  const cacheBytes = cacheRows * kvRowBytes(shape.kv, headDim) - scaleBytes;
  const perLayer = (name: string, size: number) =>
    Array.from({ length: size > 0 ? layers : 0 }, (_, i) => make(`${name}.${i}`, size, 'kvCache'));
  const readback = (i: number) =>
    gpu.createBuffer({
      kind: 'staging',
      label: `readback.${i}`,
      size: MOST_RUN_AHEAD * batch * 4,
      usage: MAP_READ | COPY_DST,
    });
  const { slots, slotOf } = planActivations(shape);
  const arena = slots.map((bytes, slot) => {
    const tenants = [...slotOf].flatMap(([name, of]) => (of === slot ? [name] : []));
    return make(tenants.join('+'), bytes, 'activations', COPY_SRC);
  });
  const shared = (name: Activation) => arena[slotOf.get(name) ?? -1] ?? null;
  const needed = (name: Activation) => {
    const buffer = shared(name);
    invariant(buffer, `the plan of activations has no ${name}`);
    return buffer;
  };
  return {
    tokens: make('tokens', maxRows * 4),
    state: make('state', 16, 'activations', UNIFORM),
    x: needed('x'),
    norm: needed('norm'),
    qkv: needed('qkv'),
    q: needed('q'),
    attended: needed('attended'),
    partials: shared('partials'),
    hidden: needed('hidden'),
    xCodes: shared('xCodes'),
    xScales: shared('xScales'),
    logits: needed('logits'),
    candidates: needed('candidates'),
    arena,
    picked: make('picked', RING * batch * 4, 'activations', COPY_SRC),
    readbacks: [readback(0), readback(1)],
    k: perLayer('kCache', cacheBytes),
    v: perLayer('vCache', cacheBytes),
    kScales: perLayer('kScales', scaleBytes),
    vScales: perLayer('vScales', scaleBytes),
  };
}
