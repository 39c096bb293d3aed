import type { BenchRecord } from '../core/record.ts';

/** A remark on rows, numbered so that a narrow column can point at it. */
export interface Note {
  number: number;
  /** The flag's or failure's code. */
  code: string;
  /** The figure concerned, null for the whole row. */
  field: string | null;
  message: string;
  hint: string | undefined;
}

/** Numbers every distinct flag and failure of some records, in the order in which they appear. */
export class NoteList {
  readonly #notes = new Map<string, Note>();

  /** `isShown` tells whether a figure is on the page; remarks on others would only distract there. */
  constructor(records: readonly BenchRecord[], isShown: (field: string) => boolean = () => true) {
    for (const note of records.flatMap(remarks)) {
      if (note.field === null || isShown(note.field)) this.#add(note);
    }
  }

  get all(): readonly Note[] {
    return [...this.#notes.values()];
  }

  /** The notes of one of these records, by number. */
  of(record: BenchRecord): Note[] {
    const found = remarks(record).map((remark) => this.#notes.get(noteKey(remark)));
    const notes = new Set(found.filter((note) => note !== undefined));
    return [...notes].sort((a, b) => a.number - b.number);
  }

  #add(remark: Omit<Note, 'number'>): void {
    const key = noteKey(remark);
    if (!this.#notes.has(key)) this.#notes.set(key, { number: this.#notes.size + 1, ...remark });
  }
}

/** A row's failure, if it has one, then its flags; the failure says why nothing was measured. */
function remarks(record: BenchRecord): Omit<Note, 'number'>[] {
  const { outcome, flags } = record;
  const failure =
    outcome.status === 'ok'
      ? []
      : [
          {
            code: outcome.code ?? outcome.status,
            field: null,
            message: outcome.message ?? 'The record gives no reason.',
            hint: outcome.hint,
          },
        ];
  const told = flags.filter(
    ({ code, field }) => failure.length === 0 || code !== 'not-measured' || field !== null,
  );
  return [
    ...failure,
    ...told.map(({ code, field, message, hint }) => ({ code, field, message, hint })),
  ];
}

function noteKey(remark: Omit<Note, 'number'>): string {
  return JSON.stringify([remark.code, remark.field, remark.message]);
}
