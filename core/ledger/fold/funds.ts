import { micro, price, rateAt, type Microcredits, type Rate } from '../../money';
import type { CustomerState, WalletState } from '../state';
import type { Draft } from './draft';

/** How far a customer's wallet may go down: -(overdraft + price(grace seconds)) (money-rules 6). Without a rate, grace is worth nothing. */
export function customerFloor(customer: CustomerState, rate: Rate | undefined): Microcredits {
  return micro(-(customer.overdraft + (rate ? price(customer.graceSeconds * 1000, rate) : 0n)));
}

/** The floor of a wallet at this moment. The partner's own has no grace. */
export function floorNow(draft: Draft, wallet: WalletState): Microcredits {
  if (wallet.customerId === null) return micro(0n);
  const rate = rateAt(draft.state.rates.get(wallet.walletId) ?? [], draft.now);
  return customerFloor(draft.customer(wallet.customerId), rate);
}

/** What a new amount may take: posted - held - floor (money-rules 6); for an ended call without a hold, the room of rule 8. */
export function spendable(wallet: WalletState, floor: Microcredits): Microcredits {
  return micro(wallet.posted - wallet.held - floor);
}
