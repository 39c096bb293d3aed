import { markdownOfText } from '../../report/cost/markdown-of-text.ts';
import { usageError } from '../failure.ts';

/** How a result is to be printed, as typed. */
export interface FormatArguments {
  json?: true;
  markdown?: true;
}

/** A result as JSON, as Markdown or as text, as asked for. Throws `usage` for two of them. */
export function resultText(
  { json, markdown }: FormatArguments,
  toJson: () => unknown,
  toText: () => string,
): string {
  if (json && markdown) throw usageError('Give either --json or --markdown, not both');
  if (json) return `${JSON.stringify(toJson(), null, 2)}\n`;
  return markdown ? markdownOfText(toText()) : toText();
}
