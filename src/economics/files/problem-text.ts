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
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  return shortened(JSON.stringify(value) ?? String(value));
}

/** A library's message on one line. */
export function plainProblem(message: string): string {
  return shortened(message).replace(/\.$/, '');
}

const LONGEST = 160;

function shortened(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 3)}...` : line;
}
