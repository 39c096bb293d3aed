import type { ChildProcess } from 'node:child_process';

const LINES = 20;
/** One line may be a megabyte; the tail may not. */
const CHARS = 4000;

/** The last lines that a child wrote on stdout and stderr, to explain its end. */
export class OutputTail {
  private tail = '';

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        this.tail = (this.tail + chunk).slice(-2 * CHARS);
      });
    }
  }

  text(): string {
    return this.tail.trimEnd().split('\n').slice(-LINES).join('\n').slice(-CHARS);
  }
}
