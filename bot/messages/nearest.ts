/** Longer words are compared by their first characters only, so that a long list stays quick to search. */
const COMPARED = 64;
const MOST_SLIPS = 3;
/** A name is nearer when all of it fits than when one of its words does. */
const PART_ONLY = 0.25;

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
  const allowed = Math.min(MOST_SLIPS, Math.max(1, Math.floor(typed.length / 3)));
  const parts = name.split(/[\s._-]+/).map((part) => slips(typed, part, allowed) + PART_ONLY);
  return Math.min(slips(typed, name, allowed), ...parts);
}

/**
 * Letters missing, added, changed, or two neighbours swapped (optimal string alignment); Infinity beyond `allowed`. Only
 * the cells that can still end within `allowed` are reckoned, which keeps thousands of names to milliseconds.
 */
function slips(a: string, b: string, allowed: number): number {
  if (Math.abs(a.length - b.length) > allowed) return Infinity;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = new Array<number>(b.length + 1).fill(Infinity);
    current[0] = row;
    let least = row;
    const last = Math.min(b.length, row + allowed);
    for (let column = Math.max(1, row - allowed); column <= last; column += 1) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + change);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(before, column - 2) + 1);
      }
      current[column] = best;
      least = Math.min(least, best);
    }
    if (least > allowed) return Infinity;
    before = above;
    above = current;
  }
  const total = at(above, b.length);
  return total <= allowed ? total : Infinity;
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
