// A worker process whose engine is a stand-in; the cell's model says what is wrong with it.
import { register } from 'tsx/esm/api';

register();
const { runFaultyLaunch } = await import('./faulty-launch.ts');

process.once('disconnect', () => process.exit(1));
process.once(
  'message',
  ({ input }) => void runFaultyLaunch(input, (message) => process.send(message)),
);
process.send({ type: 'ready' });
