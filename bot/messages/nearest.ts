/** Longer words are compared by their first characters only, so that a long list stays quick to search. */
const COMPARED = 64;

/**
 * The candidates nearest to what was typed, best first: those that begin with it, then those that contain it, then those
 * a few slips away. `wordsOf` names what a candidate may be called.
 */
export function nearest<T>(
  typed: string,
  candidates: readonly T[],
  wordsOf: (candidate: T) => readonly string[],
  limit = 3,
): T[] {
  const word = normalize(typed);
  if (word === '') return [];
  return candidates
    .map((candidate) => ({
      candidate,
      distance: Math.min(...wordsOf(candidate).map((name) => distanceTo(word, normalize(name)))),
    }))
    .filter(({ distance }) => distance < Infinity)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** How names are compared: without regard to case, width or accents' encoding. */
export function normalize(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().slice(0, COMPARED);
}

function distanceTo(typed: string, name: string): number {
  if (name === '') return Infinity;
  if (name.startsWith(typed)) return 0;
  if (typed.length >= 3 && name.includes(typed)) return 0.5;
  const allowed = Math.max(1, Math.floor(typed.length / 3));
  const slipped = Math.min(slips(typed, name), ...name.split(/[\s._-]+/).map((part) => slips(typed, part) + 0.25));
  return slipped <= allowed + 0.25 ? slipped : Infinity;
}

/** Optimal string alignment: letters missing, added, changed, or two neighbours swapped. */
function slips(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (before[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}
