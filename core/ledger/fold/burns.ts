import { micro, type Microcredits } from '../../money';
import type { Burn } from '../state';

/** A posting's burns as they stand: what it burned first, then what settled the rest of it, less what was given back. */
export function burnsOf(row: {
  sequence: bigint;
  amount: Microcredits;
  burned: string | null;
  changes: readonly { grant: number | null; amount: string }[];
}): Burn[] {
  const { sequence } = row;
  const burned = readBurned(row.burned);
  const rest = micro(burned.reduce((left, each) => left - each.amount, row.amount as bigint));
  let burns: Burn[] = [
    ...burned.map((each) => ({ sequence, ...each })),
    ...(rest > 0n ? [{ sequence, grant: null, amount: rest }] : []),
  ];
  const lower = (grant: number | null, by: bigint) => {
    let left = by;
    burns = burns.toReversed().map((entry) => {
      if (entry.grant !== grant) return entry;
      const part = entry.amount < left ? entry.amount : left;
      left -= part;
      return { ...entry, amount: micro(entry.amount - part) };
    });
    burns = burns.reverse().filter((entry) => entry.amount > 0n);
  };
  for (const { grant, amount: text } of row.changes) {
    const amount = BigInt(text);
    if (amount < 0n) lower(grant, -amount);
    else {
      lower(null, amount);
      burns.push({ sequence, grant, amount: micro(amount) });
    }
  }
  return burns;
}

function readBurned(text: string | null): { grant: number; amount: Microcredits }[] {
  return (text === null ? [] : text.split(',')).map((part) => {
    const [grant, amount] = part.split(':') as [string, string];
    return { grant: Number(grant), amount: micro(BigInt(amount)) };
  });
}
