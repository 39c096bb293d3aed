/** Names longer than this are compared by their beginning. */
const MOST_CHARACTERS = 80;

/** Lower case, without spaces, dashes, underscores and dots: `A100-80GB` and `A100 80 GB` are one name. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[\s\-_.]+/g, '');
}

/**
 * The names that a person may have meant, nearest first: those that hold the wanted one or are held by it before those
 * that a few letters tell apart. Empty where nothing is near.
 */
export function nearNames(wanted: string, names: Iterable<string>, most = 5): string[] {
  const want = plainName(wanted).slice(0, MOST_CHARACTERS);
  const farthest = Math.max(2, Math.floor(want.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceTo(want, name, farthest) }))
    .filter(({ distance }) => distance <= farthest)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

function distanceTo(want: string, name: string, farthest: number): number {
  const whole = plainName(name).slice(0, MOST_CHARACTERS);
  const model = plainName(name.slice(name.indexOf('/') + 1)).slice(0, MOST_CHARACTERS);
  const contained = [whole, model].some(
    (text) => want.length > 2 && (text.includes(want) || (text.length > 2 && want.includes(text))),
  );
  // Of names that hold the wanted one, the shortest say least that was not asked for.
  if (contained) return Math.abs(model.length - want.length) / (1 + MOST_CHARACTERS);
  return Math.min(editDistance(want, whole, farthest), editDistance(want, model, farthest));
}

/** Levenshtein's distance; `farthest + 1` for anything beyond `farthest`. */
function editDistance(a: string, b: string, farthest: number): number {
  if (Math.abs(a.length - b.length) > farthest) return farthest + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(same, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
