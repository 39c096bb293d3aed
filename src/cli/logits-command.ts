import { runTask } from '../hosts/node/spawn.ts';
import { plainText } from '../report/format.ts';
import { usageError } from './failure.ts';
import { withInterrupt } from './interrupt.ts';
import { createFile } from './output.ts';
import { chooseSession, parseTokenIds, type SessionArguments } from './session-options.ts';
import { prepareSession } from './session-process.ts';

/** Options of `mtok logits` as typed, before any check. */
export interface LogitsArguments extends SessionArguments {
  tokens?: string;
  out?: string;
}

/** Runs `mtok logits`: the file appears complete or not at all. */
export async function logitsCommand(options: LogitsArguments): Promise<void> {
  const choice = chooseSession(options);
  const tokens = parseTokenIds('--tokens', options.tokens ?? '');
  if (!options.out) throw usageError('--out names no file', 'Write --out logits.f32.');
  const file = await createFile(options.out);
  try {
    const { vocab, variant, device } = await withInterrupt(async (signal) => {
      const { input, env } = await prepareSession(choice);
      const task = { ...input, tokens, phase: 'prefill' as const, path: file.temporaryPath };
      return runTask({ type: 'logits', input: task }, { env, signal });
    });
    await file.commit();
    process.stderr.write(
      `${options.out}: f32 [${tokens.length}][${vocab}], ${choice.backend} on ${plainText(device.name)}, ` +
        `weights ${variant.weights}, KV ${variant.kv}, activations ${variant.activations}\n`,
    );
  } catch (error) {
    await file.discard();
    throw error;
  }
}
