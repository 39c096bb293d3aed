#!/usr/bin/env node
// Runs the TypeScript sources directly, so that a clone needs no build step after `npm ci`.
import { register } from 'tsx/esm/api';

register();
if (process.argv[2] === '__worker') {
  // A process that takes one task from its parent: no command line, so none is loaded.
  const { workerMain } = await import('../src/hosts/node/worker.ts');
  workerMain();
} else {
  const { main } = await import('../src/cli/main.ts');
  await main(process.argv);
}
