import type { Access, BotData, CustomerRef } from '../ports';

/** Which wallet's episode a button of an alert is about: "<walletId>.<episode>". Ids, no figures. */
export interface AlertTarget {
  readonly walletId: number;
  readonly episode: number;
}

const FORM = /^(\d{1,9})\.(\d{1,10})$/;

/** null when a button carries something else. */
export function readAlertValue(value: string): AlertTarget | null {
  const [, walletId, episode] = FORM.exec(value) ?? [];
  return walletId === undefined || episode === undefined
    ? null
    : { walletId: Number(walletId), episode: Number(episode) };
}

/** The customer that an alert is about; null for the partner's own wallet, and for one that the asker may not see. */
export async function customerOfAlert(data: BotData, access: Access, value: string): Promise<CustomerRef | null> {
  const target = readAlertValue(value);
  const customer = target && (await data.customerOfWallet(access.partnerId, target.walletId));
  if (!customer || (access.customerId !== null && access.customerId !== customer.id)) return null;
  return customer;
}
