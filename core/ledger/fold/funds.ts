import { TalktimeError } from '../../contract/errors';
import { larger, micro, price, rateAt, type Microcredits, type Rate } from '../../money';
import { PARTNER_WALLET } from '../accounts';
import type { Actor } from '../commands';
import type { CustomerState, WalletState } from '../state';
import type { Draft } from './draft';

/** How far a customer's wallet may go down: -(overdraft + price(grace seconds)) (money-rules 6). Without a rate, grace is worth nothing; of allocated credits nobody overdraws (money-rules 4). */
export function customerFloor(draft: Draft, customer: CustomerState, rate: Rate | undefined): Microcredits {
  if (draft.state.partner.funding === 'allocated') return micro(0n);
  return micro(-(customer.overdraft + (rate ? price(customer.graceSeconds * 1000, rate) : 0n)));
}

/** The floor of a wallet at this moment. The partner's own has no grace. */
export function floorNow(draft: Draft, wallet: WalletState): Microcredits {
  if (wallet.customerId === null) return micro(0n);
  const rate = rateAt(draft.state.rates.get(wallet.walletId) ?? [], draft.now);
  return customerFloor(draft, draft.customer(wallet.customerId), rate);
}

/** What a new call or amount may take: posted - held - disputed - floor (money-rules 6). */
export function spendable(wallet: WalletState, floor: Microcredits): Microcredits {
  return micro(roomOf(wallet, floor) - wallet.disputed);
}

/** What is there for what happens anyhow, an ended call or a refund: disputes are left out of account (money-rules 8). */
export function roomOf(wallet: WalletState, floor: Microcredits): Microcredits {
  return micro(wallet.posted - wallet.held - floor);
}

/** Refuses what raises the partner's own wallet without the host's authority: a partner cannot mint (money-rules 4). */
export function requireHost(actor: Actor, walletId: number, raised: bigint, what: string): void {
  if (walletId !== PARTNER_WALLET || raised <= 0n || actor.host) return;
  throw new TalktimeError(
    'HOST_KEY_REQUIRED',
    `${what} raises the partner's own wallet, which only the host may do. Ask who runs Talktime for you, or use a host key.`,
  );
}

/** With allocated funding credits that calls have used are the host's; giving them back makes them anew (money-rules 4). */
export function requireHostToMint(draft: Draft, actor: Actor, returned: bigint): void {
  if (draft.state.partner.funding !== 'allocated' || returned <= 0n || actor.host) return;
  throw new TalktimeError(
    'HOST_KEY_REQUIRED',
    'With allocated funding only the host gives back what a call has used. Ask who runs Talktime for you, or use a host key.',
  );
}

/** The part of a debit that finds no room, and is flagged. */
export function beyond(room: Microcredits, amount: Microcredits): Microcredits {
  const covered = larger(room, micro(0n));
  return amount > covered ? micro(amount - covered) : micro(0n);
}
