import { z } from 'zod';
import { decimalText, parseCredits } from '../contract';
import { TalktimeError } from '../contract/errors';
import { listCustomers } from '../customers';
import type { Database } from '../database';
import { getStatement, type Actor, type Adjustment, type Ledger, type TopUp, type WalletRef } from '../ledger';
import { formatDecimal } from '../money';
import { creditsText } from './customers';
import { orRefused, type ImportOptions, type Numbered, type RecordOutcome } from './outcome';
import {
  hasHistory,
  NAMES_ONE_WALLET,
  nameInKey,
  nameOf,
  namesOneWallet,
  standing,
  walletFields,
  walletOf,
} from './wallets';

/** A line of a wallet's history. An import reads whose it is, its place, amount, balance, note and date. */
export const historyRecord = z
  .object({
    ...walletFields,
    sequence: z.coerce.number().int().min(1),
    type: z.string().max(40).nullish(),
    amount: decimalText,
    balance: decimalText.nullish(),
    note: z.string().max(500).nullish(),
    date: z.iso.datetime({ offset: true }),
    kind: z.string().max(40).nullish(),
    provider: z.string().max(40).nullish(),
    call: z.string().max(200).nullish(),
    actor: z.string().max(200).nullish(),
    operation: z.string().max(100).nullish(),
  })
  .strict()
  .refine(namesOneWallet, NAMES_ONE_WALLET);
export type HistoryRecord = z.output<typeof historyRecord>;

/** The partner's own history and its customers', or one wallet's; each newest first, as it stood at a moment when it is given. */
export async function* exportHistory(
  database: Database,
  partnerId: string,
  { wallet, at }: { wallet?: WalletRef; at?: Date },
): AsyncGenerator<HistoryRecord> {
  for await (const each of wallet ? [wallet] : wallets(database, partnerId)) {
    let cursor: string | undefined;
    do {
      const page = await getStatement(database, partnerId, each, { limit: 200, cursor, at });
      for (const line of page.lines) {
        yield {
          wallet: each === 'partner' ? 'partner' : 'customer',
          customer_id: each === 'partner' ? null : each.customerId,
          sequence: line.sequence,
          type: line.type,
          amount: creditsText(line.amount),
          balance: creditsText(line.balance),
          note: line.note,
          date: line.date,
          kind: line.kind,
          provider: line.call?.provider ?? null,
          call: line.call?.call_id ?? null,
          actor: line.actor,
          operation: line.operation_id,
        };
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }
}

async function* wallets(database: Database, partnerId: string): AsyncGenerator<WalletRef> {
  yield 'partner';
  let cursor: string | undefined;
  do {
    const page = await listCustomers(database, partnerId, { limit: 200, cursor });
    for (const { id } of page.items) yield { customerId: id };
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/**
 * Posts the lines of histories to wallets that have none, in the order of their places: what was added as paid top-ups, the
 * rest as adjustments. The ledger's dates are those of the import, because what is posted is never dated back; a line's own
 * date goes into its note. Each line is posted once, its key is made of wallet and place. A wallet's lines are taken as a
 * whole: when their balances do not add up, or one of them would be refused, none is posted.
 */
export async function* importHistory(
  ledger: Ledger,
  partnerId: string,
  actor: Actor,
  records: readonly Numbered<HistoryRecord>[],
  { dryRun }: ImportOptions,
): AsyncGenerator<RecordOutcome> {
  for (const lines of byWallet(records)) {
    const wallet = walletOf(lines[0]!.value);
    yield orRefused(Math.min(...lines.map(({ record }) => record)), nameOf(wallet), async () => {
      requireSums(lines);
      const commands = lines.map(({ value }) => commandOf(wallet, actor, value));
      const { state, known } = await standing(
        ledger.database,
        partnerId,
        wallet,
        commands.map(({ key }) => key),
      );
      if (known.size < lines.length && state.sequence !== BigInt(known.size)) throw hasHistory(wallet, state.posted);
      const replayed = await postAll(ledger, partnerId, commands, dryRun);
      if (replayed === lines.length) return { outcome: 'nothing', detail: `${counted(replayed)} posted already` };
      return {
        outcome: 'posted',
        detail: `${counted(lines.length - replayed)}${replayed > 0 ? `, ${replayed} posted already` : ''}`,
      };
    });
  }
}

type Line = Numbered<HistoryRecord>;

const counted = (lines: number) => `${lines} ${lines === 1 ? 'line' : 'lines'}`;

/** The lines of each wallet, in the order of their places. */
function byWallet(records: readonly Line[]): Line[][] {
  const wallets = new Map<string, Line[]>();
  for (const line of records) {
    const name = nameInKey(walletOf(line.value));
    const known = wallets.get(name);
    if (known) known.push(line);
    else wallets.set(name, [line]);
  }
  return [...wallets.values()].map((lines) => lines.toSorted((a, b) => a.value.sequence - b.value.sequence));
}

/** A history begins with an empty wallet, has no place twice, and each balance is the one before and the amount. */
function requireSums(lines: readonly Line[]): void {
  let sum = 0n;
  let place = 0;
  for (const { record, value } of lines) {
    if (value.sequence === place) throw invalid(record, 'sequence', `there are two lines with sequence ${place}`);
    place = value.sequence;
    sum += parseCredits(value.amount, 'amount');
    if (value.balance == null || parseCredits(value.balance, 'balance') === sum) continue;
    throw invalid(
      record,
      'balance',
      `the amounts up to this line sum to ${formatDecimal(sum)}, and its balance is ${value.balance}; a history begins with an empty wallet and has every line`,
    );
  }
}

function invalid(record: number, path: string, message: string): TalktimeError {
  return new TalktimeError('REQUEST_INVALID', `Record ${record}: ${message}.`, [{ path, message }]);
}

function commandOf(wallet: WalletRef, actor: Actor, line: HistoryRecord): TopUp | Adjustment {
  const amount = parseCredits(line.amount, 'amount');
  const note = `${line.date.slice(0, 10)} ${line.note || (line.type ?? '')}`.trim().slice(0, 500);
  const request = { actor, key: `import history ${nameInKey(wallet)} ${line.sequence}`, note, wallet, amount };
  return amount > 0n ? { ...request, kind: 'top_up', grant: 'paid' } : { ...request, kind: 'adjustment' };
}

/** Posts them one after another, once it is known that none is refused. @returns how many had been posted before */
async function postAll(
  ledger: Ledger,
  partnerId: string,
  commands: readonly (TopUp | Adjustment)[],
  dryRun: boolean,
): Promise<number> {
  const outcomes = await ledger.preview(partnerId, commands);
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.error;
  if (!dryRun) for (const command of commands) await ledger.submit(partnerId, command);
  return outcomes.filter((outcome) => outcome.ok && outcome.replayed).length;
}
