import { defaultCacheDir } from '../hosts/node/cache-dir.ts';
import { collectFacts } from './doctor-facts.ts';
import { doctorText } from './doctor-text.ts';

export interface DoctorOptions {
  /** One JSON object instead of text. */
  json?: boolean;
  cacheDir?: string;
  write?: (text: string) => void;
}

/**
 * Prints what this machine can run, what is missing and what to do about it.
 * Returns the exit code: 0 when the wgsl backend can run in Node, 1 when it cannot.
 */
export async function doctor(options: DoctorOptions = {}): Promise<number> {
  const write = options.write ?? ((text) => process.stdout.write(text));
  const facts = await collectFacts(options.cacheDir ?? defaultCacheDir());
  const text = options.json ? JSON.stringify(facts, null, 2) : doctorText(facts).join('\n');
  write(`${text.trimEnd()}\n`);
  return 'found' in facts.chosen ? 0 : 1;
}
