import type { HostName } from './cell.ts';

/** Random access to a file or a served resource, never loaded whole. */
export interface ByteSource {
  /** Shown in error messages. */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; throws `io` when the source is shorter. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What code that runs both in Node and on a page may ask of its surroundings. */
export interface Host {
  readonly name: HostName;
  /** Monotonic clock in milliseconds. */
  now(): number;
  /** Text of a source file that ships with the program (a `.wgsl` beside its spec). */
  readText(url: URL): Promise<string>;
}
