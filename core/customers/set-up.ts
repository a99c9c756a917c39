import type { Database } from '../database';

/** How many customers have something, and one that lacks it; null when none does. */
export interface SetUpStep {
  readonly done: number;
  readonly next: { readonly id: string; readonly name: string } | null;
}

/** How far a partner is with what the playbook's checklist asks for. But for `enabled`, of customers with AI Credits on. */
export interface SetUp {
  readonly customers: number;
  readonly enabled: SetUpStep;
  readonly priced: SetUpStep;
  /** With a threshold, or levels of their own or the partner's. */
  readonly watched: SetUpStep;
  readonly notified: SetUpStep;
  /** To whose wallet anything was ever posted. */
  readonly filled: SetUpStep;
  /** With the portal and pricing shown. */
  readonly visible: SetUpStep;
  /** Active plans. */
  readonly plans: number;
  /** Whether customers can pay: `waiting` when the connected Stripe account takes no payments (yet). */
  readonly payments: 'none' | 'waiting' | 'ready';
}

const STEPS = ['enabled', 'priced', 'watched', 'notified', 'filled', 'visible'] as const;
type StepName = (typeof STEPS)[number];

type Counts = Record<`${StepName}_done`, number> & Record<`${StepName}_next`, string | null>;

/** Reads it in two queries, however many customers there are. */
export async function readSetUp(database: Database, partnerId: string): Promise<SetUp> {
  return database.asPartner(partnerId, async (transaction) => {
    const [row] = await transaction.query<Counts & Pick<SetUp, 'customers' | 'plans' | 'payments'>>(
      `with standing as (
         select c.customer_id, c.ai_credits_enabled as enabled,
                exists (select 1 from talktime.rates r where r.partner_id = $1 and r.wallet_id = c.wallet_id) as priced,
                c.low_credit_threshold is not null or coalesce(c.alert_levels, p.customer_alert_levels) <> '[]' as watched,
                c.low_credit_notifications_enabled as notified,
                w.sequence > 0 as filled,
                c.show_pricing_information and c.customer_portal_enabled as visible
         from talktime.customers c
         join talktime.wallets w using (partner_id, wallet_id)
         join talktime.partners p using (partner_id)
         where partner_id = $1)
       select count(*)::int as customers,
              (select count(*)::int from talktime.plans where partner_id = $1 and active) as plans,
              coalesce((select case when sells_on = 'host' then 'ready'
                                    when stripe_account is null or disconnected_at is not null then 'none'
                                    when charges_enabled then 'ready'
                                    else 'waiting' end
                        from talktime.payment_settings where partner_id = $1), 'none') as payments,
              ${STEPS.map(step).join(', ')}
       from standing`,
      [partnerId],
    );
    const ids = STEPS.flatMap((name) => row![`${name}_next`] ?? []);
    const names = await transaction.query<{ id: string; name: string }>(
      'select customer_id as id, name from talktime.customers where partner_id = $1 and customer_id = any($2::text[])',
      [partnerId, ids],
    );
    const byId = new Map(names.map((customer) => [customer.id, customer]));
    const stepOf = (name: StepName): SetUpStep => ({
      done: row![`${name}_done`],
      next: byId.get(row![`${name}_next`] ?? '') ?? null,
    });
    return {
      customers: row!.customers,
      plans: row!.plans,
      payments: row!.payments,
      enabled: stepOf('enabled'),
      priced: stepOf('priced'),
      watched: stepOf('watched'),
      notified: stepOf('notified'),
      filled: stepOf('filled'),
      visible: stepOf('visible'),
    };
  });
}

/** Names are of our own list, so nothing here comes from outside. */
function step(name: StepName): string {
  const among = name === 'enabled' ? 'true' : 'enabled';
  return `count(*) filter (where ${among} and ${name})::int as ${name}_done,
          min(customer_id) filter (where ${among} and not ${name}) as ${name}_next`;
}
