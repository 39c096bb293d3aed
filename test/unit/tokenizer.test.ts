import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTokenizer, requireTokenizer } from '../../src/hosts/node/tokenizer.ts';
import { createTextStream } from '../../src/model/text-stream.ts';
import { createTokenizer, type Tokenizer } from '../../src/model/tokenizer.ts';
import { temporaryFolder } from '../support/model-directory.ts';

/** A SentencePiece-like tokenizer: a few merges, bytes for everything else, <s> in front. */
function tokenizerJson() {
  const pieces = ['<unk>', '<s>', '</s>'];
  for (let byte = 0; byte < 256; byte++) {
    pieces.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  }
  pieces.push('▁', 'a', 'b', '▁a', 'ab', '▁ab');
  const special = (id: number, content: string) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(0, '<unk>'), special(1, '<s>'), special(2, '</s>')],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges: ['▁ a', 'a b', '▁a b'],
    },
  };
}

async function folderWith(json: unknown): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
  return folder;
}

describe('a tokenizer from a directory', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await createTokenizer(tokenizerJson(), { bos_token: '<s>' }, 'test');
  });

  it('encodes with the token that begins a sequence', () => {
    expect(tokenizer.vocab).toBe(265);
    expect(tokenizer.encode('ab a')).toEqual([1, 264, 262]);
    expect(tokenizer.encode('é')).toEqual([1, 259, 3 + 0xc3, 3 + 0xa9]);
    expect(tokenizer.encode('')).toEqual([1]);
  });

  it('decodes without special tokens and ids it does not know', () => {
    expect(tokenizer.decode([1, 264, 262, 2])).toBe('ab a');
    expect(tokenizer.decode([264, 99999, -1])).toBe('ab');
    expect(tokenizer.decode([99999])).toBe('');
    expect(tokenizer.decode([])).toBe('');
  });

  it('gives back any text, at once and token by token', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(
        fc.oneof(text, fc.string({ unit: fc.constantFrom('a', 'b', ' ', '👋', 'é') })),
        (s) => {
          // A U+FFFD in the text itself cannot be told from an unfinished character.
          fc.pre(!s.includes('\ufffd') && !/[▁<]/.test(s));
          const tokens = tokenizer.encode(s);
          expect(tokenizer.decode(tokens)).toBe(s);
          const stream = tokenizer.stream([]);
          expect(tokens.map((token) => stream.push(token)).join('') + stream.end()).toBe(s);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps the space at the seam between prompt and answer', () => {
    const stream = tokenizer.stream([1, 264]);
    expect(stream.push(262)).toBe(' a');
    expect(tokenizer.stream([]).push(262)).toBe('a');
  });
});

describe('createTextStream', () => {
  /** Tokens are bytes of UTF-8. */
  const decode = (tokens: readonly number[]) => new TextDecoder().decode(Uint8Array.from(tokens));

  it('waits for whole characters', () => {
    const stream = createTextStream(decode, []);
    expect([0x61, 0xf0, 0x9f, 0x91, 0x8b, 0x62].map(stream.push)).toEqual([
      'a',
      '',
      '',
      '',
      '👋',
      'b',
    ]);
    expect(stream.end()).toBe('');
  });

  it('finishes a character that the context began', () => {
    const stream = createTextStream(decode, [0x61, 0xc3]);
    expect(stream.push(0xa9)).toBe('é');
  });

  it('shows what is no character when more follows, or at the end', () => {
    const stream = createTextStream(decode, []);
    expect(stream.push(0xff)).toBe('');
    expect(stream.push(0x61)).toBe('\ufffda');
    stream.push(0xc3);
    expect(stream.end()).toBe('\ufffd');
    expect(stream.end()).toBe('');
  });
});

describe('openTokenizer', () => {
  it('is null where there is none', async () => {
    expect(await openTokenizer(await temporaryFolder())).toBeNull();
    expect(await openTokenizer('synthetic:test-1m')).toBeNull();
    const required = requireTokenizer('synthetic:test-1m');
    await expect(required).rejects.toThrow(
      /synthetic:test-1m has no tokenizer \(a synthetic model\)/,
    );
    await expect(required).rejects.toMatchObject({
      code: 'model',
      hint: expect.stringContaining('--prompt-tokens'),
    });
  });

  it.each([
    [null],
    [[]],
    [{}],
    [{ model: { type: 'Nonsense' } }],
    [{ ...tokenizerJson(), model: null }],
  ])('refuses %j', async (json) => {
    await expect(openTokenizer(await folderWith(json))).rejects.toMatchObject({ code: 'model' });
  });

  it('reads tokenizer_config.json where there is one, and does without', async () => {
    const folder = await folderWith(tokenizerJson());
    expect((await requireTokenizer(folder)).encode('a')).toEqual([1, 262]);
    await writeFile(join(folder, 'tokenizer_config.json'), '{"bos_token":"<s>"}');
    expect((await requireTokenizer(folder)).encode('a')).toEqual([1, 262]);
    await writeFile(join(folder, 'tokenizer_config.json'), '{');
    await expect(openTokenizer(folder)).rejects.toThrow(/tokenizer_config.json: not valid JSON/);
  });
});
