import { type FileHandle, open } from 'node:fs/promises';
import { BenchError } from '../core/errors.ts';

/** A file f32[rows][vocab] that is read a row at a time: all of it may be larger than memory. */
export class LogitsFile {
  readonly #file: FileHandle;
  readonly #row: Float32Array<ArrayBuffer>;

  private constructor(file: FileHandle, vocab: number) {
    this.#file = file;
    this.#row = new Float32Array(vocab);
  }

  /** Throws `engine` when the file has not as many rows. */
  static async open(path: string, rows: number, vocab: number): Promise<LogitsFile> {
    const file = await open(path, 'r');
    const { size } = await file.stat();
    if (size === rows * vocab * 4) return new LogitsFile(file, vocab);
    await file.close();
    throw new BenchError('engine', `${size} bytes of logits, expected ${rows} × ${vocab} × 4`);
  }

  /** Row `i`, valid until the next call. */
  async row(i: number): Promise<Float32Array> {
    const bytes = new Uint8Array(this.#row.buffer);
    let at = 0;
    while (at < bytes.length) {
      const from = i * bytes.length + at;
      const { bytesRead } = await this.#file.read(bytes, at, bytes.length - at, from);
      if (bytesRead === 0) throw new BenchError('io', `No row ${i} in a file of logits`);
      at += bytesRead;
    }
    return this.#row;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
