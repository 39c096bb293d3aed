import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BenchError } from '../core/errors.ts';

const OUTPUT_BYTES = 2 ** 20;

/** What a program of the system printed. Throws `unsupported` when it is not installed, `io` when it fails. */
export async function runProgram(
  name: string,
  args: readonly string[],
  hint: string,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(name, args, { maxBuffer: OUTPUT_BYTES });
    return stdout;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new BenchError('unsupported', `The program ${name} is not installed`, { hint, cause });
    }
    throw new BenchError('io', `${name} failed: ${String(cause).slice(0, 500)}`, { hint, cause });
  }
}

/** Removes what only debuggers read from programs and libraries; leaves them be where `strip` is not installed. */
export async function stripSymbols(paths: readonly string[]): Promise<boolean> {
  try {
    await runProgram('strip', ['--strip-unneeded', ...paths], 'Install binutils.');
    return true;
  } catch (error) {
    if (error instanceof BenchError && error.code === 'unsupported') return false;
    throw error;
  }
}
