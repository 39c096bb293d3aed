/** A column of a text grid: where its rule of dashes begins and ends. */
interface Span {
  start: number;
  end: number;
}

const RULE = /^-+(?: {2,}-+)*$/;

/**
 * A text report as Markdown: its grids (headings, a rule of dashes, rows) become tables, lines of a paragraph are joined.
 * Grids tell their columns by their rules, so that one renderer serves terminal and document.
 */
export function markdownOfText(text: string): string {
  const blocks = text.trimEnd().split(/\n\s*\n/);
  return `${blocks.map(blockMarkdown).join('\n\n')}\n`;
}

function blockMarkdown(block: string): string {
  const lines = block.split('\n');
  const rule = lines.findIndex((line, i) => i > 0 && RULE.test(line));
  if (rule < 0) return paragraphs(lines);
  const spans = spansOf(lines[rule] ?? '');
  const first = headingStart(lines, rule, spans);
  const before = lines.slice(0, first);
  const table = tableMarkdown(lines.slice(first, rule), lines.slice(rule + 1), spans);
  return before.length === 0 ? table : `${paragraphs(before)}\n\n${table}`;
}

function spansOf(rule: string): Span[] {
  return Array.from(rule.matchAll(/-+/g), ({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }));
}

/** Lines above the rule are headings as long as nothing in them stands between two columns. */
function headingStart(lines: readonly string[], rule: number, spans: readonly Span[]): number {
  let first = rule;
  while (first > 0 && fits(lines[first - 1] ?? '', spans)) first -= 1;
  return Math.min(first, rule - 1);
}

function fits(line: string, spans: readonly Span[]): boolean {
  const characters = Array.from(line);
  return characters.every(
    (character, i) => character === ' ' || spans.some(({ start, end }) => i >= start && i < end),
  );
}

function tableMarkdown(
  headings: readonly string[],
  rows: readonly string[],
  spans: readonly Span[],
): string {
  const cells = (line: string) =>
    spans.map(({ start, end }, i) =>
      // The last column may run on: nothing stands behind it.
      line.slice(start, i === spans.length - 1 ? undefined : end).trim(),
    );
  const names = spans.map((_, i) =>
    headings
      .map((line) => cells(line)[i] ?? '')
      .filter((word) => word !== '')
      .join(' '),
  );
  const aligns = spans.map((span) => (isRight(span, [...headings, ...rows]) ? '---:' : '---'));
  return [names, aligns, ...rows.map(cells)]
    .map((row) => `| ${row.map(escaped).join(' | ')} |`)
    .join('\n');
}

/** Right-aligned: some cell has blanks before it, and none has blanks behind it within its column. */
function isRight({ start, end }: Span, lines: readonly string[]): boolean {
  const texts = lines
    .map((line) => line.padEnd(end).slice(start, end))
    .filter((text) => text.trim() !== '');
  return texts.every((text) => !text.endsWith(' ')) && texts.some((text) => text.startsWith(' '));
}

/** Characters that Markdown or HTML would take for markup. */
function escaped(text: string): string {
  return text.replace(/[|\\`*_<>[\]]/g, '\\$&');
}

/** Where renderers break lines. */
const WIDTH = 100;

/** A line that is indented, or whose first word had no room behind a sentence that is not over, goes on with it. */
function paragraphs(lines: readonly string[]): string {
  const joined: string[] = [];
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    const [word = ''] = line.trim().split(' ');
    const isBroken =
      before !== undefined && before.length + 1 + word.length > WIDTH && !/[.!?]$/.test(before);
    const goesOn = i > 0 && (isBroken || /^\s/.test(line));
    if (goesOn) joined.push(`${joined.pop() ?? ''} ${line.trim()}`);
    else joined.push(line.trim());
  }
  return joined.map(escaped).join('\n\n');
}
