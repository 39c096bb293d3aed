import { toBenchError } from '../core/errors.ts';
import { toWireError, type WorkerMessage } from '../hosts/messages.ts';
import type { PageTask } from '../hosts/page-task.ts';
import { runPageTask } from '../hosts/web/run-page-task.ts';

declare global {
  interface Window {
    /** Put here by the process that opened the page. */
    mtokSend(message: WorkerMessage): Promise<void>;
    /** Called by it, once. */
    mtokRun(task: PageTask): void;
  }
}

window.mtokRun = (task) => void run(task);
await window.mtokSend({ type: 'ready' });

async function run(task: PageTask): Promise<void> {
  try {
    // Results wait for the messages before them: each is a call of its own.
    let sent = Promise.resolve();
    const result = await runPageTask(task, (message) => {
      sent = sent.then(() => window.mtokSend({ type: 'message', message }));
    });
    await sent;
    await window.mtokSend({ type: 'result', result });
  } catch (error) {
    await window.mtokSend({ type: 'error', error: toWireError(toBenchError(error)) });
  }
}
