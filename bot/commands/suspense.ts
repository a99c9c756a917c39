import { SUSPENDED_SHOWN, suspenseListMessage, suspenseUsageMessage } from '../messages';
import { retype } from '../messages/text';
import { refusalText } from '../messages/trouble';
import { isAtLeast, type MapKind } from '../ports';
import { noticeModal } from '../views/modal';
import { assignModal, dismissModal } from '../views/suspense';
import type { Opening } from './answer';
import { customerMeant } from './customer';

export const suspense: Opening = {
  name: 'suspense',
  usage: 'suspense',
  does: 'calls that match no customer: assign each to its customer, or close it uncharged; after you confirm',
  least: 'viewer',
  aboutAll: true,

  opens: (argument) => ['assign', 'dismiss'].includes(readSuspense(argument).kind),

  async open(question, { data }) {
    const { access, argument } = question;
    if (!isAtLeast(access.role, 'manager'))
      return noticeModal('Talktime', refusalText({ kind: 'not_allowed', least: 'manager' }));
    const typed = readSuspense(argument);
    if (typed.kind === 'dismiss') return dismissModal(question, data, typed.callId, typed.reason);
    if (typed.kind !== 'assign') throw new Error('It opens for assigning and dismissing alone');
    const meant = await customerMeant(data, access, typed.customer);
    return assignModal(question, data, typed.callId, { meant, map: typed.map });
  },

  async answer({ access, argument, partnerId, command }, { data }) {
    if (readSuspense(argument).kind !== 'list') return suspenseUsageMessage(command);
    const waiting = await data.suspended(partnerId, SUSPENDED_SHOWN);
    return suspenseListMessage(waiting, isAtLeast(access.role, 'manager'));
  },
};

type Typed =
  | { readonly kind: 'list' | 'unclear' }
  | { readonly kind: 'assign'; readonly callId: string; readonly customer: string; readonly map: MapKind | null }
  | { readonly kind: 'dismiss'; readonly callId: string; readonly reason: string };

const CALL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAPS: readonly MapKind[] = ['agent', 'phone_number', 'metadata'];

export function readSuspense(argument: string): Typed {
  const [verb = '', id = '', ...words] = argument.split(/\s+/).filter(Boolean);
  if (verb === '') return { kind: 'list' };
  const callId = retype(id).toLowerCase();
  if (!CALL_ID.test(callId)) return { kind: 'unclear' };
  switch (retype(verb).toLowerCase()) {
    case 'assign': {
      const map = words.length > 1 ? (MAPS.find((kind) => kind === words.at(-1)) ?? null) : null;
      return { kind: 'assign', callId, customer: (map ? words.slice(0, -1) : words).join(' '), map };
    }
    case 'dismiss':
      return { kind: 'dismiss', callId, reason: words.join(' ') };
    default:
      return { kind: 'unclear' };
  }
}
