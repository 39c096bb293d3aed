import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { BenchError, toBenchError } from '../../../core/errors.ts';
import { computeLogits } from '../../run-session.ts';
import type { TaskHandler } from '../../tasks.ts';
import { withModel } from './with-model.ts';

/** Writes the logits of a sequence to a file that the caller has made: f32[tokens][vocab], little-endian. */
export const logits: TaskHandler<'logits'> = async (input) => {
  if (endianness() !== 'LE') {
    throw new BenchError('unsupported', 'Logits are written in little-endian byte order only');
  }
  const file = await open(input.path, 'r+');
  try {
    return await withModel(input, (backend, model) =>
      computeLogits(backend, model, input, async (rows) => {
        const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
        await file.writeFile(bytes).catch((cause: unknown) => {
          throw toBenchError(cause, 'io');
        });
      }),
    );
  } finally {
    await file.close();
  }
};
