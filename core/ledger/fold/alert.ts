import { statusOf, type Status } from '../../alerts/levels';
import { transition } from '../../alerts/transition';
import type { WalletState } from '../state';

/** A wallet's status as it is answered: also that of a wallet without a posting, which has no alert but no credits either. */
export function statusShown(wallet: WalletState): Status {
  return statusOf(wallet.posted, wallet.levels, wallet.status);
}

/** Brings a wallet's alert up to date with its balance. */
export function evaluateAlert(wallet: WalletState) {
  const before = { status: wallet.status, told: wallet.told, episode: wallet.episode };
  const { alert, event } = transition(before, {
    posted: wallet.posted,
    levels: wallet.levels,
    notificationsEnabled: wallet.notificationsEnabled,
    everPosted: wallet.sequence > 0n,
  });
  return { wallet: { ...wallet, ...alert }, alert: event && { event, episode: before.episode } };
}
