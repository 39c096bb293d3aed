import { Rng } from '../core/rng.ts';
import { type ComparisonSummary, LogitsComparison } from '../quality/comparison.ts';
import { TextLikelihood } from '../quality/perplexity.ts';
import { LogitsFile } from './logits-file.ts';
import type { ComputedLogits } from './logits-runs.ts';

/** Nats a token and perplexity of the tokens that were fed. */
export interface TextQuality {
  nll: number;
  perplexity: number;
}

/**
 * Holds logits against others of the same tokens, in one pass over all files with a row of each in memory.
 * Throws `quality` where a logit is no number.
 */
export async function compareLogits<Name extends string>(
  tokens: readonly number[],
  got: ComputedLogits,
  others: Readonly<Partial<Record<Name, ComputedLogits | null>>>,
  rng: Rng = new Rng(),
): Promise<{ text: TextQuality | null; summaries: Partial<Record<Name, ComparisonSummary>> }> {
  const files: LogitsFile[] = [];
  const open = async ({ path, vocab }: ComputedLogits) => {
    const file = await LogitsFile.open(path, tokens.length, vocab);
    files.push(file);
    return file;
  };
  try {
    const file = await open(got);
    const sides: { name: Name; file: LogitsFile; comparison: LogitsComparison }[] = [];
    for (const [name, other] of Object.entries(others) as [Name, ComputedLogits | null][]) {
      if (other === null) continue;
      sides.push({ name, file: await open(other), comparison: new LogitsComparison() });
    }
    const likelihood = new TextLikelihood(tokens);
    for (let i = 0; i < tokens.length; i++) {
      const row = await file.row(i);
      for (const side of sides) side.comparison.add(await side.file.row(i), row);
      likelihood.add(row);
    }
    const summaries: Partial<Record<Name, ComparisonSummary>> = {};
    for (const { name, comparison } of sides) summaries[name] = comparison.summary(rng.fork(name));
    return { text: likelihood.summary(), summaries };
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}
