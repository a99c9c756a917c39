import type { ConsoleShown } from '../../bot/home/console';
import type { Access, Console, OpenAlert, SetUp, SetUpStep, Standing } from '../../bot/ports';
import { customerBalance, partnerBalance, standing } from './samples';

export const ACCESS: Record<'owner' | 'manager' | 'viewer', Access> = {
  owner: { partnerId: 'par_bright', role: 'owner', customerId: null, maxCredits: null },
  manager: { partnerId: 'par_bright', role: 'manager', customerId: null, maxCredits: 10_000 },
  viewer: { partnerId: 'par_bright', role: 'viewer', customerId: null, maxCredits: 0 },
};

const step = (done: number, next: SetUpStep['next'] = null): SetUpStep => ({ done, next });

/** All done, by two customers of three. */
export const SET_UP: SetUp = {
  hasAlertChannel: true,
  customers: 3,
  enabled: step(2, { id: 'cus_zen', name: 'Zen Spa' }),
  priced: step(2),
  watched: step(2),
  notified: step(2),
  filled: step(2),
  visible: step(1, { id: 'cus_zen', name: 'Zen Spa' }),
  plans: 0,
  payments: 'none',
};

/** A customer in the list. */
export function listed(name: string, posted: number, changes: Partial<Standing> = {}): Standing {
  const id = `cus_${name.toLowerCase().replace(/\W+/g, '_')}`;
  return { ...standing(customerBalance(id, name, posted)), ...changes };
}

export function openAlert(name: string, changes: Partial<OpenAlert> = {}): OpenAlert {
  return {
    walletId: 3,
    episode: 2,
    customer: { id: 'cus_acme', name },
    status: 'low',
    posted: 98,
    since: '2026-11-22T16:01:01.000Z',
    acknowledgedBy: null,
    snoozedUntil: null,
    ...changes,
  };
}

export function consoleOf(changes: Partial<Console> = {}): Console {
  return {
    partner: partnerBalance('Bright Agency', 5000),
    alerts: { open: [], total: 0 },
    waiting: { calls: 0, oldest: null },
    setUp: SET_UP,
    deadRoutes: [],
    ...changes,
  };
}

export function consoleShown(changes: Partial<ConsoleShown> = {}): ConsoleShown {
  return {
    access: ACCESS.owner,
    console: consoleOf(),
    customers: { standings: [listed('Acme Dental', 98), listed('Zen Spa', -12.2)], total: 2, omitted: 0 },
    margin: {
      currency: 'USD',
      calls: 412,
      callsWithoutCost: 0,
      price: '1200',
      cost: '800',
      markup: 0.5,
      margin: 0.333333,
    },
    people: null,
    command: '/credits',
    ...changes,
  };
}
