import { BenchError, type ErrorCode } from '../core/errors.ts';

const hints: Partial<Record<ErrorCode, string>> = {
  'out-of-memory': 'Try a smaller model, weight format, batch or context, or another --adapter.',
  'device-lost':
    'The driver reset or removed the device; run the cell again, or try another --adapter.',
  validation: 'This is a bug in mtok or in the driver; please report it with the command line.',
  compile:
    'This is a bug in mtok or in the driver; please report it with the output of `mtok doctor`.',
};

/** A coded GPU error with the hint that goes with its code. */
export function gpuError(code: ErrorCode, message: string, cause?: unknown): BenchError {
  return new BenchError(code, message, { hint: hints[code], cause });
}

/** The code for an error that WebGPU reported through a scope, an event or a rejected promise. */
export function codeOfGpuError(error: unknown): ErrorCode {
  if (!(error instanceof Error) && (typeof error !== 'object' || error === null)) return 'internal';
  // By name and not by class: Dawn's classes in Node are not the globals of a page.
  const name = (error as { constructor?: { name?: string } }).constructor?.name ?? '';
  const message = String((error as { message?: unknown }).message ?? '');
  if (name === 'GPUOutOfMemoryError' || /out of (device |host )?memory/i.test(message)) {
    return 'out-of-memory';
  }
  if (name === 'GPUPipelineError' || /Error while parsing WGSL|\bShaderModule\b/.test(message)) {
    return 'compile';
  }
  if (/device (is|was) (lost|destroyed)/i.test(message)) return 'device-lost';
  if (name === 'GPUValidationError' || name === 'GPUInternalError') return 'validation';
  return 'internal';
}

/** WebGPU's message without its call trace, which only repeats the labels. */
export function gpuMessage(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error
      ? String(error.message)
      : String(error);
  return message.replace(/\n - While [\s\S]*$/, '').trim() || 'no details given';
}
