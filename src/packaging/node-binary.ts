import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BenchError } from '../core/errors.ts';

/** Node's program and the text of its licence, on this machine. */
export interface NodeBinary {
  path: string;
  licence: string;
}

/**
 * The Node that runs this, if it also runs elsewhere.
 * @throws `unsupported` when it is not for Linux x64 or needs libraries of this system, `io` without its licence.
 */
export async function thisNode(): Promise<NodeBinary> {
  const here = `${process.platform}-${process.arch}`;
  if (here !== 'linux-x64') {
    throw new BenchError('unsupported', `A bundle for linux-x64 cannot be made on ${here}`, {
      hint: 'Run `npm run bundle` on Linux x64.',
    });
  }
  const shared = sharedLibraries(process.config.variables);
  if (shared.length > 0) {
    throw new BenchError(
      'unsupported',
      `${process.execPath} runs only where its libraries are (${shared.join(', ')})`,
      { hint: 'Run `npm run bundle` with a Node from nodejs.org, which has them inside.' },
    );
  }
  const prefix = join(dirname(process.execPath), '..');
  const places = [prefix, join(prefix, 'share/doc/nodejs'), join(prefix, 'share/doc/node')];
  for (const place of places) {
    const licence = join(place, 'LICENSE');
    const isThere = await access(licence).then(
      () => true,
      () => false,
    );
    if (isThere) return { path: process.execPath, licence };
  }
  throw new BenchError('io', `No LICENSE of Node in ${places.join(', ')}`, {
    hint: 'Run `npm run bundle` with a Node from nodejs.org, which comes with it.',
  });
}

/** Names of the libraries that a Node was built to find on its system, from its build's configuration. */
export function sharedLibraries(variables: object): string[] {
  return Object.entries(variables)
    .filter(([name, value]) => /^node_shared(_|$)/.test(name) && value === true)
    .map(([name]) => name.replace(/^node_shared_?/, '') || 'libnode');
}
