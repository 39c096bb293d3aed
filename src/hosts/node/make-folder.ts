import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

async function makeOne(path: string): Promise<'made' | 'no parent'> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return 'no parent';
    // A file of that name fails later, where something is put into it.
    if (code !== 'EEXIST') throw error;
  }
  return 'made';
}

/**
 * Makes a folder and those above it. Not `mkdir` with `recursive`: in file systems that answer "no such file"
 * where no folder can be made (/proc), Node tries that again for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  if ((await makeOne(path)) === 'made') return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
