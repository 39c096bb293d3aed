import { plainText } from './format.ts';

/** Text from outside as Markdown that shows exactly that text: no markup, HTML, formula or line break of its own. */
export function escapeMarkdown(text: string): string {
  return plainText(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]#|~!$]/g, (mark) => `\\${mark}`)
    .replace(/^([-+]|\d+[.)])(?= |$)/, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`);
}

/** A block that shows a command as it is, whatever backticks it holds, less what could hide or reorder a part of it. */
export function codeBlock(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')}\n${fence}`;
}

export interface MarkdownColumn {
  title: string;
  align: 'left' | 'right';
}

/** A table of texts that are Markdown already (escape what comes from outside). */
export function markdownTable(
  columns: readonly MarkdownColumn[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '---:' : '---'));
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}
