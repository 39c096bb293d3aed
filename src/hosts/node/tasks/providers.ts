import type { TaskHandler } from '../../tasks.ts';

/** Lists what onnxruntime-node was built with. In a process of its own: its library is large and may not load. */
export const providers: TaskHandler<'providers'> = async () => {
  const { listSupportedBackends } = await import('onnxruntime-node');
  return {
    providers: listSupportedBackends().map(({ name, bundled }) => ({ name, bundled })),
  };
};
