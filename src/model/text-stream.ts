/** Text that becomes known as tokens arrive. */
export interface TextStream {
  /** Text that this token completes; empty while a character is still being spelled out. */
  push(token: number): string;
  /** What is left when no more tokens come. */
  end(): string;
}

/** What a decoder puts where bytes make no character (yet). */
const REPLACEMENT = '\ufffd';
/** Tokens of context decoded along, so that spaces at the seam come out as in one piece. */
const CONTEXT_TOKENS = 8;

/**
 * Decodes one token at a time to the same text that decoding all at once gives. A token's text depends on its
 * neighbours (leading spaces, characters of several tokens), so each step decodes a few tokens before it along
 * and gives out what the new one adds.
 */
export function createTextStream(
  decode: (tokens: readonly number[]) => string,
  context: readonly number[],
): TextStream {
  // Tokens given out already, kept as context, and those whose text is still open.
  let shown = context.slice(-CONTEXT_TOKENS);
  let open: number[] = [];
  const added = () => {
    // A context that ends within a character decodes to something else once the character is complete.
    const before = decode(shown).replace(/\ufffd+$/, '');
    return decode([...shown, ...open]).slice(before.length);
  };
  return {
    push(token) {
      open.push(token);
      const text = added();
      if (text === '' || text.endsWith(REPLACEMENT)) return '';
      shown = [...shown, ...open].slice(-CONTEXT_TOKENS);
      open = [];
      return text;
    },
    end() {
      const text = open.length > 0 ? added() : '';
      open = [];
      return text;
    },
  };
}
