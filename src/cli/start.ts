import { WORKER_COMMAND } from '../hosts/node/entry.ts';
import { homeFolder } from '../hosts/node/home-folder.ts';

/** What bin/mtok.js runs: the command line, or one task that a process of ours hands over. */
export async function start(argv: readonly string[]): Promise<void> {
  // Engines ask the system for the user's folder, and fail where it knows none.
  if (process.platform !== 'win32') process.env.HOME ??= homeFolder();
  if (argv[2] === WORKER_COMMAND) {
    // No command line there, so none is loaded.
    const { workerMain } = await import('../hosts/node/worker.ts');
    workerMain();
    return;
  }
  const { main } = await import('./main.ts');
  await main(argv);
}
