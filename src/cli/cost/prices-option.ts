/** For the help of every command that takes prices: it must not load them. */
export const PRICES_OPTION = [
  '--prices <file>',
  'price book of your own, YAML or JSON; repeatable, later ones win',
] as const;

/** A GPU by its name, for commands that take its price from a book. */
export const GPU_OPTION = [
  '--gpu <name>',
  'its price from the price book: H100, or H100@provider/region/instance',
] as const;

export const GPU_KIND_OPTION = ['--gpu-kind <kind>', 'rented, spot or owned', 'rented'] as const;

export const DAY_OPTION = [
  '--day <day>',
  'prices of this day, YYYY-MM-DD (default: today)',
] as const;
