// Stands in for a worker process: what it does is the task's input.
import { spawn } from 'node:child_process';

process.once('disconnect', () => process.exit(1));
process.once('message', ({ input }) => act(input));
process.send({ type: 'ready' });

function act({ act }) {
  switch (act) {
    case 'echo':
      process.send({ type: 'message', message: 'one' });
      process.send({ type: 'message', message: 'two' });
      process.send({
        type: 'result',
        result: { env: process.env.MTOK_TEST, big: new Float32Array([1.5, -2]) },
      });
      process.disconnect();
      break;
    case 'error':
      process.send({
        type: 'error',
        error: { code: 'model', message: 'no such model', hint: 'look again' },
      });
      process.disconnect();
      break;
    case 'die':
      process.stderr.write('driver says: out of luck\n', () => process.exit(7));
      break;
    case 'killed':
      process.kill(process.pid, 'SIGKILL');
      break;
    case 'malformed':
      process.send({ type: 'result-ish' });
      break;
    case 'hang':
      // With a child of its own, which must end too.
      process.send({ type: 'message', message: spawn('sleep', ['600']).pid });
      setInterval(() => {}, 1000);
      break;
    case 'stubborn':
      process.on('SIGTERM', () => {});
      process.send({ type: 'message', message: process.pid });
      setInterval(() => {}, 1000);
      break;
  }
}
