/** A cell of a text table: what it says and which side it leans to. */
export interface GridColumn {
  /** Heading lines, top to bottom. */
  heading: readonly string[];
  align: 'left' | 'right';
}

const GAP = '  ';

/** Rows of text in columns as wide as their widest entry; headings, a rule, then the rows. No trailing blanks. */
export function textGrid(
  columns: readonly GridColumn[],
  rows: readonly (readonly string[])[],
): string[] {
  const headingLines = Math.max(0, ...columns.map((column) => column.heading.length));
  const headings = Array.from({ length: headingLines }, (_, line) =>
    columns.map((column) => column.heading[line] ?? ''),
  );
  const widths = columns.map((_, i) =>
    Math.max(...[...headings, ...rows].map((cells) => displayWidth(cells[i] ?? ''))),
  );
  const lay = (cells: readonly string[]) =>
    columns
      .map((column, i) => pad(cells[i] ?? '', widths[i] ?? 0, column.align))
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return [...headings.map(lay), rule, ...rows.map(lay)];
}

/** Text broken into lines of at most `width` columns; lines after the first start with `indent`. */
export function wrapText(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Columns that a text takes in a terminal, near enough: wide East Asian and emoji characters take two. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'left' ? `${text}${blanks}` : `${blanks}${text}`;
}
