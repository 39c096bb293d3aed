import { z } from 'zod';
import { BenchError, type ErrorCode } from '../core/errors.ts';

/** An error as it crosses a process boundary. */
export const wireErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  stack: z.string().optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** What a worker sends its parent. */
export const workerMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('message'), message: z.unknown() }),
  z.object({ type: z.literal('result'), result: z.unknown() }),
  z.object({ type: z.literal('error'), error: wireErrorSchema }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

export function toWireError(error: BenchError): WireError {
  const { code, message, hint, stack } = error;
  return { code, message, hint, stack };
}

/** The error that was thrown on the other side, with that side's stack. */
export function fromWireError(wire: WireError): BenchError {
  const error = new BenchError(wire.code as ErrorCode, wire.message, { hint: wire.hint });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
