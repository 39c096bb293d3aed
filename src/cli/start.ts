import { WORKER_COMMAND } from '../hosts/node/entry.ts';

/** What bin/mtok.js runs: the command line, or one task that a process of ours hands over. */
export async function start(argv: readonly string[]): Promise<void> {
  if (argv[2] === WORKER_COMMAND) {
    // No command line there, so none is loaded.
    const { workerMain } = await import('../hosts/node/worker.ts');
    workerMain();
    return;
  }
  const { main } = await import('./main.ts');
  await main(argv);
}
