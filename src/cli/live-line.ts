import { plainText } from '../report/format.ts';

/** Where progress goes; a part of a terminal stream, so that tests can stand in. */
export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Lines that stay, and on a terminal a last one that is rewritten in place. */
export class LiveLine {
  readonly isLive: boolean;
  readonly #output: ProgressOutput;
  #length = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
    this.isLive = output.isTTY === true;
  }

  /** Takes the rewritten line away, so that other output starts on a clean one. */
  clear(): void {
    if (this.#length === 0) return;
    this.#output.write(`\r${' '.repeat(this.#length)}\r`);
    this.#length = 0;
  }

  line(text: string): void {
    this.clear();
    this.#output.write(`${plainText(text)}\n`);
  }

  rewrite(text: string): void {
    const shown = plainText(text).slice(0, (this.#output.columns ?? 80) - 1);
    this.clear();
    this.#output.write(shown);
    this.#length = shown.length;
  }
}
