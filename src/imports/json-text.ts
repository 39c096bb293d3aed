import { malformed } from './fields.ts';

/** Benchmark files nest some 8 deep. */
const MAX_DEPTH = 64;
const MAX_LINES = 1_000_000;

/** A JSON document, or the documents of a JSON Lines file with their line numbers. */
export type JsonContent =
  | { layout: 'document'; value: unknown }
  | { layout: 'lines'; values: { value: unknown; line: number }[] };

/**
 * Reads text that starts like JSON. Throws `record` for text that ends early, is no JSON or nests too deep.
 */
export function readJson(text: string, where: string): JsonContent {
  assertShallow(text, where);
  const whole = tryParse(text);
  if ('value' in whole) return { layout: 'document', value: whole.value };
  const lines = text.split('\n').map((line, i) => ({ text: line.trim(), line: i + 1 }));
  const written = lines.filter((line) => line.text !== '');
  if (written.length > MAX_LINES) throw malformed(`${where} has more than ${MAX_LINES} lines`);
  const [first] = written;
  // Lines are documents of their own only where the first one is.
  if (first === undefined || written.length < 2 || !('value' in tryParse(first.text))) {
    throw malformed(`${where} is cut off or no JSON: ${whole.reason}`);
  }
  const values = written.map((line) => {
    const parsed = tryParse(line.text);
    if ('value' in parsed) return { value: parsed.value, line: line.line };
    throw malformed(`${where}: line ${line.line} is cut off or no JSON: ${parsed.reason}`);
  });
  return { layout: 'lines', values };
}

function tryParse(text: string): { value: unknown } | { reason: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    // The system's message quotes the text; only its first words say what is wrong.
    const message = error instanceof Error ? error.message : '';
    return { reason: /^Unexpected end/.test(message) ? 'it ends early' : 'it does not parse' };
  }
}

function assertShallow(text: string, where: string): void {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (isInString) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) isInString = false;
    } else if (char === QUOTE) isInString = true;
    else if (char === BRACE || char === BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) throw malformed(`${where} nests deeper than ${MAX_DEPTH} levels`);
    } else if (char === BRACE + 2 || char === BRACKET + 2) depth -= 1;
  }
}

const [QUOTE, BACKSLASH, BRACE, BRACKET] = [0x22, 0x5c, 0x7b, 0x5b];
