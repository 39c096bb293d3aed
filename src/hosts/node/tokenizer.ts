import { BenchError } from '../../core/errors.ts';
import { readJson } from '../../model/checkpoint.ts';
import { isSynthetic } from '../../model/synthetic.ts';
import { createTokenizer, type Tokenizer } from '../../model/tokenizer.ts';
import { openModelFiles } from './model-directory.ts';

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

/**
 * The tokenizer of the model that a specification names, or null where it has none (synthetic models, directories
 * without tokenizer.json). Throws `model`, `io`.
 */
export async function openTokenizer(spec: string): Promise<Tokenizer | null> {
  if (isSynthetic(spec)) return null;
  const files = await openModelFiles(spec);
  if (!(await files.has(TOKENIZER))) return null;
  const config = (await files.has(CONFIG)) ? await readJson(files, CONFIG) : {};
  return createTokenizer(await readJson(files, TOKENIZER), config, `${files.name}/${TOKENIZER}`);
}

/** Like openTokenizer, but throws `model` where there is none. */
export async function requireTokenizer(spec: string): Promise<Tokenizer> {
  const tokenizer = await openTokenizer(spec);
  if (tokenizer) return tokenizer;
  const why = isSynthetic(spec) ? 'a synthetic model' : `no ${TOKENIZER} in its directory`;
  throw new BenchError('model', `${spec} has no tokenizer (${why})`, {
    hint: 'Give token ids: --prompt-tokens 1,2,3.',
  });
}
