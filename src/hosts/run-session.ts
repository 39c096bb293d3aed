import type { Backend, Session, SessionRequest } from '../backends/backend.ts';
import type { Variant, VariantRequest } from '../core/cell.ts';
import type { DeviceInfo } from '../core/device.ts';
import { BenchError } from '../core/errors.ts';
import type { Sampling } from '../core/sampling.ts';
import type { PackedModel } from '../model/packed.ts';

/** What ran, for whoever asks a session for tokens or logits. */
export interface SessionFacts {
  variant: Variant;
  device: DeviceInfo;
}

/** A session of one sequence, disposed whatever happens. */
async function withSession<T>(
  backend: Backend,
  request: Omit<SessionRequest, 'batch'>,
  use: (session: Session) => Promise<T>,
): Promise<T & SessionFacts> {
  const session = await backend.open({ ...request, batch: 1 });
  try {
    const result = await use(session);
    return { ...result, variant: session.variant, device: session.device };
  } finally {
    await session.dispose();
  }
}

export interface GenerateRequest {
  variant: VariantRequest;
  /** At least one. */
  promptTokens: readonly number[];
  /** At least one; never ends early. */
  generatedTokens: number;
  /** Decode steps to submit ahead of the host, as far as the engine can; 1, the default, none. */
  runAhead?: number;
  /** Greedy without it. */
  sampling?: Sampling | undefined;
}

/** Generates tokens; `onToken` gets every token in order once it is on the host. Throws what the backend throws. */
export function generateTokens(
  backend: Backend,
  model: PackedModel,
  request: GenerateRequest,
  onToken: (token: number) => void,
): Promise<{ tokens: number[] } & SessionFacts> {
  const { variant, promptTokens, generatedTokens, runAhead = 1, sampling } = request;
  const contextTokens = promptTokens.length + generatedTokens - 1; // the last token is not cached
  return withSession(backend, { model, variant, contextTokens, sampling }, async (session) => {
    const tokens: number[] = [];
    const take = ([token]: Int32Array) => {
      if (token === undefined) throw new BenchError('engine', `${backend.name} gave no token`);
      tokens.push(token);
      onToken(token);
    };
    take(await session.prefill(Int32Array.from(promptTokens)));
    const ahead = Math.min(runAhead, session.mostRunAhead);
    await session.decode(generatedTokens - 1, take, { runAhead: ahead });
    return { tokens };
  });
}

export interface LogitsRequest {
  variant: VariantRequest;
  tokens: readonly number[];
  /** Many tokens at once, as a prompt is read, or one after another, as text is generated. */
  phase: 'prefill' | 'decode';
}

/** Logits of this many bytes are asked for at once; bounds the memory that long sequences take. */
const CHUNK_BYTES = 8 << 20;

/**
 * Logits after every token, handed on in order as f32[rows][vocab] with the index of the first row; the next
 * are computed when `take` is done with them. Throws what the backend throws.
 */
export function computeLogits(
  backend: Backend,
  model: PackedModel,
  { variant, tokens, phase }: LogitsRequest,
  take: (logits: Float32Array, firstRow: number) => Promise<void>,
): Promise<{ vocab: number } & SessionFacts> {
  const { vocab } = model.config;
  const chunkRows = phase === 'decode' ? 1 : Math.max(1, Math.floor(CHUNK_BYTES / (4 * vocab)));
  const contextTokens = tokens.length;
  return withSession(backend, { model, variant, contextTokens }, async (session) => {
    for (let row = 0; row < tokens.length; row += chunkRows) {
      const chunk = Int32Array.from(tokens.slice(row, row + chunkRows));
      const logits = await session.logits(chunk);
      if (logits.length !== chunk.length * vocab) {
        throw new BenchError(
          'engine',
          `${backend.name} gave ${logits.length} logits for ${chunk.length} tokens, expected ${chunk.length * vocab}`,
        );
      }
      await take(logits, row);
    }
    return { vocab };
  });
}
