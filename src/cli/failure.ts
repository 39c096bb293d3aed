import { BenchError, type ErrorCode, toBenchError } from '../core/errors.ts';
import { isInterruption } from './interrupt.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, regression: 3, interrupted: 130 } as const;

export function exitCodeOf(code: ErrorCode): number {
  return code === 'usage' ? EXIT.usage : EXIT.failed;
}

/** One error as a person reads it: a line that says what, a line that says what to try; the stack on request. */
export function describeFailure(error: unknown, verbose: boolean): string {
  const failure = toBenchError(error);
  const lines = [`mtok: ${failure.code}: ${harmless(failure.message)}`];
  if (failure.hint !== undefined) lines.push(`hint: ${harmless(failure.hint)}`);
  else if (failure.code === 'internal' && !verbose) {
    lines.push('hint: Run the same command with --verbose to see where this comes from.');
  }
  if (verbose) lines.push(stacks(error));
  return `${lines.join('\n')}\n`;
}

/** Messages quote file names and arguments: without what would act on a terminal or turn its text around. */
function harmless(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Prints the error on stderr and returns the exit code it stands for. */
export function reportFailure(error: unknown, verbose: boolean): number {
  if (isInterruption(error)) {
    process.stderr.write('mtok: interrupted\n');
    return EXIT.interrupted;
  }
  process.stderr.write(describeFailure(error, verbose));
  return exitCodeOf(toBenchError(error).code);
}

function stacks(error: unknown): string {
  const texts: string[] = [];
  for (let current = error; current instanceof Error && texts.length < 8; current = current.cause) {
    texts.push(`${texts.length === 0 ? '' : 'caused by: '}${current.stack ?? current.message}`);
  }
  return texts.join('\n');
}

/** A bad command line. */
export function usageError(message: string, hint?: string): BenchError {
  return new BenchError('usage', message, hint === undefined ? {} : { hint });
}
