import { customerOfAlert, readAlertValue } from '../actions/alert-value';
import { lasting } from '../commands/duration';
import { credits, fromWire } from '../messages/amounts';
import { section } from '../messages/message';
import { STATUS } from '../messages/status';
import { inert, moment } from '../messages/text';
import type { BotData, OpenEpisode } from '../ports';
import type { Form, Reply, Submission } from './form';
import { choiceInput, type Choice } from './inputs';
import { noticeModal, type Modal, type ModalContext } from './modal';

const FORM = 'talktime_snooze_form';
const HOUR = 3_600_000;
/** Slack's most is 100; one of them is "all". */
const MOST_CHOICES = 99;
const ALL = 'all';

const LENGTHS: readonly (Choice & { until(now: number): Date })[] = [
  { value: '1h', text: '1 hour', until: (now) => new Date(now + HOUR) },
  { value: '4h', text: '4 hours', until: (now) => new Date(now + 4 * HOUR) },
  { value: 'morning', text: 'Until tomorrow, 08:00 UTC', until: tomorrowMorning },
  { value: '3d', text: '3 days', until: (now) => new Date(now + 72 * HOUR) },
];

/** The next day's 08:00, UTC: Slack tells nobody's time zone without a scope that reads people. */
export function tomorrowMorning(now: number): Date {
  const date = new Date(now);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1, 8));
}

/** Asks for how long one balance's alerts are to be quiet. With an episode: only while that one is open. */
export function snoozeModal(
  { walletId, episode, name }: { readonly walletId: number; readonly episode: number | null; readonly name: string },
  channelId: string | null,
): Modal {
  return form([section(`Keep alerts about *${inert(name)}* quiet.`)], {
    channelId,
    ids: { wallet: String(walletId), ...(episode === null ? {} : { episode: String(episode) }) },
  });
}

/** Asks which of the open alerts are to be quiet, and for how long. */
export function snoozeAllModal(episodes: readonly OpenEpisode[], channelId: string | null): Modal {
  if (episodes.length === 0) return noticeModal('Snooze', '🟢 No alert is open: there is nothing to keep quiet.');
  const choices = [
    { value: ALL, text: episodes.length === 1 ? 'The one that is open' : `All ${episodes.length} that are open` },
    ...episodes.slice(0, MOST_CHOICES).map((each) => ({
      value: `${each.walletId}.${each.episode}`,
      text: `${STATUS[each.status].mark} ${inert(each.customer?.name ?? 'Your own balance', 40)}, ${credits(fromWire(each.posted))}`,
    })),
  ];
  return form([choiceInput({ id: 'which', label: 'Which alerts', choices, chosen: ALL })], { channelId, ids: {} });
}

function form(first: Modal['blocks'], context: ModalContext): Modal {
  const morning = tomorrowMorning(Date.now());
  return {
    callbackId: FORM,
    title: 'Snooze',
    submit: 'Snooze',
    close: 'Cancel',
    blocks: [
      ...first,
      choiceInput({ id: 'length', label: 'For how long', choices: LENGTHS, chosen: '1h' }),
      section(
        `Worse news comes all the same, and at the end a balance that is still low is told of once more. Tomorrow’s 08:00 UTC is ${moment(morning)} for you.`,
      ),
    ],
    context,
  };
}

export const SNOOZE_FORM: Form = {
  callbackId: FORM,
  least: 'manager',
  async submitted(submission, { data }): Promise<Reply> {
    const length = LENGTHS.find(({ value }) => value === submission.values.choice('length'));
    if (!length) return { kind: 'errors', errors: { length: 'Choose for how long.' } };
    const until = length.until(Date.now());
    return { kind: 'work', work: async () => noticeModal('Snooze', await snoozed(submission, data, until)) };
  },
};

async function snoozed({ access, actor, context, values }: Submission, data: BotData, until: Date): Promise<string> {
  const which = values.choice('which');
  const target =
    which === null || which === ALL
      ? context.ids.wallet === undefined
        ? null
        : { walletId: Number(context.ids.wallet), episode: context.ids.episode }
      : readAlertValue(which);
  const { partnerId } = access;
  if (target) {
    const { walletId, episode } = target;
    const customer = await customerOfAlert(data, access, `${walletId}.${episode ?? 0}`);
    if (!customer && access.customerId !== null) return 'This channel is another customer’s. Nothing was changed.';
    const done = await data.snooze(
      partnerId,
      actor,
      walletId,
      until,
      episode === undefined ? undefined : Number(episode),
    );
    return lasting([done], until, customer?.name ?? 'Your own balance');
  }
  const open = await data.openEpisodes(partnerId, access.customerId, MOST_CHOICES * 2);
  const done = [];
  for (const { walletId, episode } of open) done.push(await data.snooze(partnerId, actor, walletId, until, episode));
  return lasting(done, until, null);
}
