/**
 * What went wrong, as a stable word that scripts can match on.
 * `usage` leads to exit code 2; every other code fails a cell or the command with exit code 1.
 */
export type ErrorCode =
  | 'usage' // the command line or a file the user wrote is malformed
  | 'model' // model files are missing, malformed or of an unsupported architecture
  | 'unsupported' // valid, but this backend, adapter or host cannot do it
  | 'no-adapter' // no WebGPU adapter of the kind asked for
  | 'compile' // a kernel did not compile
  | 'validation' // the GPU rejected a command: our bug or a driver's
  | 'out-of-memory'
  | 'device-lost'
  | 'engine' // a foreign engine (ONNX Runtime, …) failed
  | 'quality' // output differs from the reference by more than is allowed
  | 'timeout'
  | 'crashed' // the process that ran the cell died
  | 'io' // reading or writing a file failed
  | 'record' // a stored record cannot be read
  | 'internal'; // broken invariant: a bug in mtok

/** The one error class: what (actual against expected, where) in the message, what to try in `hint`. */
export class BenchError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BenchError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** Throws `internal` when `condition` is false: for our own bugs, never for bad input. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw new BenchError('internal', `Broken invariant: ${message}`, {
      hint: 'This is a bug in mtok; please report it with the command line.',
    });
  }
}

/** Any thrown value as a BenchError, keeping the original as `cause`. */
export function toBenchError(error: unknown, code: ErrorCode = 'internal'): BenchError {
  if (error instanceof BenchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new BenchError(code, message, { cause: error });
}
