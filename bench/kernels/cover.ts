import type { KernelCase } from './case.ts';

/** What a case exercises: kernels and modules, by name. */
export function exercisedBy({ steps }: KernelCase): string[] {
  return steps.flatMap(({ instance: { spec, modules } }) => [
    spec.name,
    ...spec.slots.map((slot) => modules[slot]?.name ?? slot),
  ]);
}

/** Few cases that exercise every kernel and module that all of them do; greedy. */
export function coveringCases(cases: readonly KernelCase[]): KernelCase[] {
  const missing = new Set(cases.flatMap(exercisedBy));
  const news = (c: KernelCase) => new Set(exercisedBy(c).filter((what) => missing.has(what))).size;
  const chosen = new Set<KernelCase>();
  while (missing.size > 0) {
    const best = cases.reduce((a, b) => (news(b) > news(a) ? b : a));
    chosen.add(best);
    for (const what of exercisedBy(best)) missing.delete(what);
  }
  return cases.filter((c) => chosen.has(c));
}
