import { decideAccess, type Standing } from '@talktime/core/access';
import type { Microcredits } from '@talktime/core/money';

/** Every case of docs/decisions/0014. */
const NONE = 0n;
const CAPS = { owner: null, manager: 10_000n as Microcredits };
const OWN = 77n as Microcredits;

type Given = NonNullable<Standing['given']>;
const role = (
  name: Given['role'],
  customerId: string | null = null,
  maxCredits: Microcredits | null = null,
): Given => ({
  role: name,
  customerId,
  maxCredits,
});

interface Case {
  readonly given?: Given;
  /** In the channel of this customer; elsewhere unless said. */
  readonly channel?: string;
  readonly guestOfAnother?: true;
  readonly membersMayView?: true;
}

const decide = ({ given, channel, guestOfAnother, membersMayView }: Case) =>
  decideAccess({
    isMember: !guestOfAnother,
    given: given ?? null,
    channelCustomerId: channel ?? null,
    membersMayView: membersMayView ?? false,
    caps: CAPS,
  });

describe('what somebody in Slack may see and do', () => {
  it.each<[string, Case, string, string | null, bigint | null]>([
    // an owner: everything, without a cap unless one was given
    ['an owner', { given: role('owner') }, 'owner', null, null],
    ['an owner with a cap of their own', { given: role('owner', null, OWN) }, 'owner', null, OWN],
    ["an owner in acme's channel", { given: role('owner'), channel: 'acme' }, 'owner', 'acme', null],
    ['an owner of another company', { given: role('owner'), guestOfAnother: true }, 'owner', null, null],
    // a manager: the same within a cap
    ['a manager', { given: role('manager') }, 'manager', null, 10_000n],
    ['a manager with a cap of their own', { given: role('manager', null, OWN) }, 'manager', null, OWN],
    ['a manager with a cap of nothing', { given: role('manager', null, 0n as Microcredits) }, 'manager', null, NONE],
    ["a manager in acme's channel", { given: role('manager'), channel: 'acme' }, 'manager', 'acme', 10_000n],
    // a viewer: sees, and moves nothing
    ['a viewer', { given: role('viewer') }, 'viewer', null, NONE],
    ["a viewer in acme's channel", { given: role('viewer'), channel: 'acme' }, 'viewer', 'acme', NONE],
    // a customer's people: that customer
    ["one of acme's people", { given: role('customer', 'acme') }, 'customer', 'acme', NONE],
    [
      "one of acme's people in acme's channel",
      { given: role('customer', 'acme'), channel: 'acme' },
      'customer',
      'acme',
      NONE,
    ],
    [
      "one of acme's people, of another company",
      { given: role('customer', 'acme'), guestOfAnother: true },
      'customer',
      'acme',
      NONE,
    ],
    [
      "one of acme's people where members may view",
      { given: role('customer', 'acme'), membersMayView: true },
      'customer',
      'acme',
      NONE,
    ],
    // no role in a customer's channel: taken for the customer's people
    ["a stranger in acme's channel", { channel: 'acme', guestOfAnother: true }, 'customer', 'acme', NONE],
    ["a member in acme's channel", { channel: 'acme' }, 'customer', 'acme', NONE],
    [
      "a member in acme's channel where members may view",
      { channel: 'acme', membersMayView: true },
      'customer',
      'acme',
      NONE,
    ],
    // no role elsewhere
    ['a member where members may view', { membersMayView: true }, 'viewer', null, NONE],
  ])('%s', (_who, situation, expected, customerId, maxCredits) => {
    expect(decide(situation)).toEqual({ role: expected, customerId, maxCredits });
  });

  it.each<[string, Case]>([
    ['a member', {}],
    ['a stranger', { guestOfAnother: true }],
    ['a stranger where members may view', { guestOfAnother: true, membersMayView: true }],
    ["one of acme's people in zen's channel", { given: role('customer', 'acme'), channel: 'zen' }],
    [
      "one of acme's people in zen's channel where members may view",
      { given: role('customer', 'acme'), channel: 'zen', membersMayView: true },
    ],
    ["somebody whose customer isn't known", { given: role('customer') }],
  ])('%s: nothing', (_who, situation) => {
    expect(decide(situation)).toBeNull();
  });

  it('nobody but owners and managers moves credits, wherever they are', () => {
    for (const given of [undefined, role('viewer'), role('customer', 'acme')])
      for (const channel of [undefined, 'acme', 'zen'])
        for (const guestOfAnother of [undefined, true] as const)
          for (const membersMayView of [undefined, true] as const)
            expect(decide({ given, channel, guestOfAnother, membersMayView })?.maxCredits ?? NONE).toBe(NONE);
  });

  it("in a customer's channel nobody reaches beyond that customer", () => {
    for (const given of [undefined, role('owner'), role('manager'), role('viewer'), role('customer', 'acme')])
      for (const guestOfAnother of [undefined, true] as const)
        for (const membersMayView of [undefined, true] as const)
          expect(decide({ given, channel: 'acme', guestOfAnother, membersMayView })?.customerId).toBe('acme');
  });
});
