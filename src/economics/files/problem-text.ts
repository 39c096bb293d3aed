/** `steps[2].calls`; `the file` for the whole. */
export function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  const text = path
    .map((key, i) =>
      /^\d+$/.test(String(key)) ? `[${String(key)}]` : `${i === 0 ? '' : '.'}${String(key)}`,
    )
    .join('');
  return shortened(text);
}

/** A value as a message shows it: short, on one line, without control characters. */
export function shownValue(value: unknown, longest?: number): string {
  if (value === undefined) return 'nothing';
  // As YAML writes what JSON has no word for.
  if (value === Number.POSITIVE_INFINITY) return '.inf (or a number too large)';
  if (value === Number.NEGATIVE_INFINITY) return '-.inf (or a number too large)';
  if (Number.isNaN(value)) return '.nan';
  try {
    return shortened(JSON.stringify(value) ?? String(value), longest);
  } catch {
    return 'a value nested too deeply to show';
  }
}

/** A schema's message without what it got, which our messages show as it was written. */
export function schemaProblem(message: string): string {
  return plainProblem(message.replace(/^Invalid input: /, '').replace(/, received [^,]*$/, ''));
}

/** A message on one line; what is expected of a field may take some words. */
export function plainProblem(message: string): string {
  return shortened(message.replace(/\.$/, ''), 320);
}

function shortened(text: string, longest = 160): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 3)}...` : line;
}
