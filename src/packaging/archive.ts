import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { sha256Of } from '../hosts/node/offline-bundle.ts';
import { runProgram } from './programs.ts';

export interface Archive {
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * Packs a folder into an xz archive, with the system's tar and xz. Machine code is filtered for x86 first, which
 * makes it a tenth smaller. `preset` is xz's: 0 is fast, 9e is small.
 * @throws `unsupported` where one of the programs is missing, `io` when one fails.
 */
export async function writeArchive(folder: string, path: string, preset: string): Promise<Archive> {
  await runProgram('xz', ['--version'], 'Debian, Ubuntu: apt install xz-utils.');
  const owner = ['--owner=0', '--group=0', '--numeric-owner'];
  const compressor = `xz --threads=1 --x86 --lzma2=preset=${preset}`;
  const args = ['-I', compressor, '-cf', path, '--sort=name', ...owner, '-C', dirname(folder)];
  await runProgram('tar', [...args, basename(folder)], 'Install GNU tar.');
  return { path, bytes: (await stat(path)).size, sha256: await sha256Of(path) };
}
