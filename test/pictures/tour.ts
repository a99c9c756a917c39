import { updatePartner } from '@talktime/core/customers';
import type { Person, StoredMessage } from '../../server/demo/slack';
import type { Shop } from './shop';

/** One thing to take a picture of. */
export type Shot = { readonly name: string; readonly title: string } & (
  | { readonly kind: 'home' | 'modal'; readonly view: object }
  | { readonly kind: 'messages'; readonly messages: readonly StoredMessage[] }
);

/** Walks through the bot as its people do, and keeps what they see. */
export async function tour(shop: Shop): Promise<Shot[]> {
  const { mia, carl, talktime, partnerId } = shop;
  const shots: Shot[] = [];
  const copy = <T>(value: T): T => structuredClone(value);

  const home = async (person: Person, name: string, title: string, waitFor: string) => {
    await person.openHome();
    await person.until(
      () => textOf(person.home).includes(waitFor) && !textOf(person.home).match(/Being (added up|sorted)/),
    );
    shots.push({ kind: 'home', name, title, view: copy(person.home!) });
  };
  const said = async (person: Person, line: string, name: string, title: string, channel = 'C0CREDITS') => {
    const before = person.sees(channel).length;
    await person.command(line, { channel });
    const message = await person.until(() => person.sees(channel).length > before && person.lastIn(channel), line);
    shots.push({ kind: 'messages', name, title, messages: [copy(message)] });
    return message;
  };
  const modal = async (person: Person, name: string, title: string) => {
    await person.until(() => person.modal && !textOf(person.modal).includes('One moment…'), name);
    shots.push({ kind: 'modal', name, title, view: copy(person.modal!) });
  };

  await home(mia, 'home-set-up', 'The Home tab, with the set-up to go through', 'Set-up');
  for (const id of ['cus_acme', 'cus_harbor', 'cus_zen', 'cus_lakeside', 'cus_bolt', 'cus_orchard'])
    await shop.update(id, { low_credit_threshold: '250', low_credit_notifications_enabled: true });
  await updatePartner(
    talktime.database,
    partnerId,
    { id: 'key:host', host: true },
    {
      slack_channel: 'C0CREDITS',
      low_credit_threshold: '2000',
      low_credit_notifications_enabled: true,
    },
  );
  await home(mia, 'home-owner', 'The Home tab of an owner: the console', 'Set up:');
  await home(shop.max, 'home-manager', 'The Home tab of a manager', 'You are a manager');
  await home(
    carl,
    'home-customer-hidden',
    'The Home tab of a customer’s people, pricing information hidden',
    'credits',
  );
  await shop.update('cus_acme', { show_pricing_information: true });
  await home(
    carl,
    'home-customer',
    'The Home tab of a customer’s people, pricing information shown',
    'Price per minute',
  );

  await said(mia, '/credits help', 'help', '/credits help');
  await said(mia, '/credits balance', 'balance', '/credits balance');
  await said(mia, '/credits balance acme dental', 'balance-customer', '/credits balance acme dental');
  await said(mia, '/credits customers', 'customers', '/credits customers');
  await said(mia, '/credits usage', 'usage', '/credits usage');
  await said(mia, '/credits history acme dental', 'history', '/credits history acme dental');
  await said(mia, '/credits plans', 'plans', '/credits plans');
  await said(mia, '/credits report 30d', 'report', '/credits report 30d');
  await said(mia, '/credits suspense', 'suspense', '/credits suspense');
  await said(mia, '/credits doctor acme dental', 'doctor', '/credits doctor acme dental');
  await said(mia, '/credits blance', 'unknown-word', 'A word that is none of ours');
  await said(carl, '/credits balance', 'balance-own', '/credits balance, by a customer’s people', 'C0ACME');

  const typed = async (line: string, name: string, title: string) => {
    await mia.command(line, { channel: 'C0CREDITS' });
    await modal(mia, name, title);
  };
  await typed('/credits topup', 'top-up', '/credits topup');
  await mia.close({ all: true });
  await typed('/credits topup zen spa 500 for May', 'top-up-confirm', '/credits topup zen spa 500 for May');
  await mia.submit();
  await mia.until(() => textOf(mia.modal).includes('Done'));
  await modal(mia, 'top-up-done', 'A top-up that is done');
  await mia.close({ all: true });
  await typed('/credits adjust zen spa -5 wrong plan', 'adjust-confirm', '/credits adjust zen spa -5 wrong plan');
  await mia.close({ all: true });
  await typed('/credits apply acme dental', 'apply', '/credits apply acme dental');
  await mia.close({ all: true });
  await typed('/credits apply acme dental practice', 'apply-confirm', '/credits apply acme dental practice');
  await mia.close({ all: true });
  await typed('/credits settings acme dental', 'settings', '/credits settings acme dental');
  await mia.close({ all: true });
  await typed('/credits alerts levels', 'alerts-levels', '/credits alerts levels');
  await mia.close({ all: true });
  await said(mia, '/credits alerts', 'alerts', '/credits alerts');
  await typed('/credits reverse acme dental', 'reverse', '/credits reverse acme dental');
  await mia.close({ all: true });

  const pressed = async (button: string, name: string, title: string) => {
    await mia.press('home', button);
    await modal(mia, name, title);
    await mia.close({ all: true });
  };
  await pressed('Give a role', 'give-a-role', 'Give a role, on the Home tab');
  await pressed('Slack settings', 'slack-settings', 'Slack settings, on the Home tab');
  await pressed('T0BRIGHT.U0MAX', 'take-a-role', 'Take a role away, on the Home tab');
  await pressed('Unlink', 'unlink', 'Unlink a channel, on the Home tab');
  await pressed('All customers', 'home-customers', 'All customers, on the Home tab');
  await pressed('Report', 'home-report', 'The report, on the Home tab');
  await pressed('Usage', 'home-usage', 'Usage, on the Home tab');
  await pressed('Doctor', 'home-doctor', 'Doctor, on the Home tab');
  await pressed('Look at them', 'home-suspense', 'Calls that wait, on the Home tab');
  return shots;
}

function textOf(view: object | null): string {
  return JSON.stringify(view ?? {});
}
