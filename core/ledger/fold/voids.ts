import { TalktimeError } from '../../contract/errors';
import { isWallet } from '../accounts';
import type { GrantVoid } from '../commands';
import { grantId } from '../lots';
import { once, resultFor, takeFrom, type Answer } from './amounts';
import type { Draft } from './draft';

/**
 * Takes back what is left of one grant, to where it came from: allocated credits to the grants of the partner that they
 * were taken of. Refused when holds or the floor need its credits. What a
 * reversal gives back to it later goes at once, as if it had expired at this moment.
 */
export function voidGrant(draft: Draft, command: GrantVoid): Answer {
  return once(draft, command, { grant: grantId(command.walletId, command.grant) }, (request) => {
    if (!draft.hasGrant(command.walletId, command.grant)) throw noGrant(command);
    const grant = draft.backing.grant(command.walletId, command.grant);
    const wallet = draft.wallet(command.walletId);
    const lot = wallet.lots.find((each) => each.grant === command.grant);
    if (!lot)
      throw new TalktimeError(
        'GRANT_USED',
        `Nothing is left of the grant ${grantId(command.walletId, command.grant)}.`,
      );
    const row = { ...request, reverses: grant.operationId };
    const lines =
      lot.startsAt === null
        ? [
            {
              ...takeFrom(draft, wallet, lot.left, lot.source, { only: command.grant }),
              givesBack: isWallet(lot.source),
            },
          ]
        : [];
    const result = draft.post({ ...row, lines, result: resultFor(row, wallet) });
    const expiresAt = Math.max(grant.effectiveAt, Math.min(grant.expiresAt ?? draft.now, draft.now));
    draft.closeGrant({ ...grant, voidedAt: draft.now, expiresAt });
    if (grant.operationId !== null && lot.startsAt === null) draft.addReversed(grant.operationId, lot.left);
    return result;
  });
}

function noGrant({ walletId, grant }: Pick<GrantVoid, 'walletId' | 'grant'>): TalktimeError {
  return new TalktimeError(
    'GRANT_NOT_FOUND',
    `There is no grant ${grantId(walletId, grant)}. The list of grants shows the ids.`,
  );
}
