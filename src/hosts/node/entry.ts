import { fileURLToPath } from 'node:url';

/** The program that `npx mtok` runs, and that worker processes run again with WORKER_COMMAND. */
export const ENTRY_PATH = fileURLToPath(new URL('../../../bin/mtok.js', import.meta.url));

/** Hidden command: take one task over the process channel, run it, send the result. */
export const WORKER_COMMAND = '__worker';
