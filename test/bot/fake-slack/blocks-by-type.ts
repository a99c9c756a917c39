import type {
  ActionsBlock,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  HomeView,
  ImageBlock,
  InputBlock,
  InputBlockElement,
  KnownBlock,
  MarkdownBlock,
  ModalView,
  PlainTextOption,
  RichTextBlock,
  SectionBlock,
  TableBlock,
} from '@slack/types';

/** A sample of every block and element that we may use, as Slack's own types have it: `satisfies` is the witness. */

const option = (text: string): PlainTextOption => ({ text: { type: 'plain_text', text }, value: text.toLowerCase() });
const plain = (text: string) => ({ type: 'plain_text', text }) as const;
const OPTIONS = [option('Low'), option('Critical'), option('Exhausted')];

export const header = { type: 'header', text: plain('Low on credits') } satisfies HeaderBlock;
export const divider = { type: 'divider' } satisfies DividerBlock;
export const section = {
  type: 'section',
  text: {
    type: 'mrkdwn',
    text: '*Acme Dental* has _98 credits_ left: ~enough~ `8 min`. <https://talktime.example|Open> <!date^1795363261^{date_short_pretty}, {time}|then>\n> quoted\n• one\n• two\n```npx talktime doctor```',
  },
} satisfies SectionBlock;
export const fields = {
  type: 'section',
  fields: [
    '*Balance*\n98 credits ($0.98)',
    '*Threshold*\n100 credits',
    '*Call time left*\n8 min',
    '*Lasts*\nabout 2 days',
  ].map((text) => ({ type: 'mrkdwn', text }) as const),
} satisfies SectionBlock;
export const accessory = {
  type: 'section',
  text: { type: 'mrkdwn', text: 'Zen Spa: *-12.2 credits*' },
  accessory: { type: 'button', action_id: 'topup', text: plain('Top up'), value: 'cus_zen', style: 'primary' },
} satisfies SectionBlock;
export const context = {
  type: 'context',
  elements: [
    { type: 'mrkdwn', text: 'customer `cus_acme`' },
    { type: 'image', image_url: 'https://talktime.example/logo.png', alt_text: 'logo' },
    { type: 'plain_text', text: 'since 22 Nov', emoji: true },
  ],
} satisfies ContextBlock;
export const actions = {
  type: 'actions',
  elements: [
    { type: 'button', action_id: 'topup', text: plain('Top up'), style: 'primary', value: 'ep_1' },
    { type: 'button', action_id: 'ack', text: plain('Acknowledge'), value: 'ep_1' },
    {
      type: 'button',
      action_id: 'stop',
      text: plain('Turn off'),
      style: 'danger',
      confirm: {
        title: plain('Turn alerts off?'),
        text: { type: 'mrkdwn', text: 'Nobody is told any more.' },
        confirm: plain('Turn off'),
        deny: plain('Keep'),
        style: 'danger',
      },
    },
    { type: 'button', action_id: 'open', text: plain('Open'), url: 'https://talktime.example/portal' },
    { type: 'static_select', action_id: 'snooze', placeholder: plain('Snooze'), options: OPTIONS },
    { type: 'overflow', action_id: 'more', options: [option('Settings'), option('History')] },
    { type: 'datepicker', action_id: 'from', initial_date: '2026-11-01' },
    { type: 'timepicker', action_id: 'at', initial_time: '09:30' },
    { type: 'datetimepicker', action_id: 'until', initial_date_time: 1_795_363_261 },
    { type: 'checkboxes', action_id: 'which', options: OPTIONS, initial_options: [option('Low')] },
    { type: 'radio_buttons', action_id: 'one', options: OPTIONS, initial_option: option('Critical') },
  ],
} satisfies ActionsBlock;
export const image = {
  type: 'image',
  image_url: 'https://talktime.example/usage.png',
  alt_text: 'Usage of the last 7 days',
  title: plain('Usage'),
} satisfies ImageBlock;
export const richText = {
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_section',
      elements: [
        { type: 'text', text: 'What to do', style: { bold: true } },
        { type: 'emoji', name: 'wave', unicode: '1f44b' },
        { type: 'link', url: 'https://talktime.example', text: 'here' },
      ],
    },
    {
      type: 'rich_text_list',
      style: 'ordered',
      elements: [
        { type: 'rich_text_section', elements: [{ type: 'text', text: 'Top up' }] },
        { type: 'rich_text_section', elements: [{ type: 'text', text: 'Tell the customer', style: { italic: true } }] },
      ],
    },
    { type: 'rich_text_quote', elements: [{ type: 'text', text: 'They called twice' }] },
    { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'cus_acme' }] },
  ],
} satisfies RichTextBlock;
const cell = (text: string) => ({ type: 'raw_text', text }) as const;
export const table = {
  type: 'table',
  column_settings: [{ is_wrapped: true }, { align: 'right' }, { align: 'center' }],
  rows: [
    [cell('Customer'), cell('Credits'), cell('Lasts')],
    [cell('Acme Dental'), { type: 'raw_number', value: 98, text: '98' }, cell('2 days')],
    [
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'Zen Spa', style: { bold: true } }] }],
      },
      { type: 'raw_number', value: -12.2, text: '-12.2' },
      cell('gone'),
    ],
  ],
} satisfies TableBlock;
export const markdown = {
  type: 'markdown',
  text: '## This week\n- **1,204** calls\n- 3 customers are *low*\n\nSee [the report](https://talktime.example).',
} satisfies MarkdownBlock;

/** @slack/types 3.2 does not know it: after docs.slack.dev, "Data visualization block". */
const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const series = (name: string, values: number[]) => ({
  name,
  data: values.map((value, index) => ({ label: days[index], value })),
});
const axis_config = { categories: days, x_label: 'Day', y_label: 'Credits' };
const two = [series('Acme Dental', [120, 80, 160, 90, 140, 20, 10]), series('Zen Spa', [60, 75, 40, 85, 95, 30, 5])];
export const line = {
  type: 'data_visualization',
  title: 'Usage, 7 days',
  chart: { type: 'line', series: two, axis_config },
};
export const bar = {
  type: 'data_visualization',
  title: 'Usage, 7 days',
  chart: { type: 'bar', series: two, axis_config },
};
export const area = {
  type: 'data_visualization',
  title: 'Balance, 7 days',
  chart: { type: 'area', series: [series('Acme Dental', [300, 220, 60, -30, -80, 120, 110])], axis_config },
};
export const pie = {
  type: 'data_visualization',
  title: 'Who used what',
  chart: {
    type: 'pie',
    segments: [
      { label: 'Acme Dental', value: 620 },
      { label: 'Zen Spa', value: 390 },
      { label: 'Twin & Sons', value: 120 },
    ],
  },
};

const input = (label: string, element: InputBlockElement, changes: Partial<InputBlock> = {}): InputBlock => ({
  type: 'input',
  block_id: label,
  label: plain(label),
  element,
  ...changes,
});
export const inputs: readonly InputBlock[] = [
  input('Text', {
    type: 'plain_text_input',
    action_id: 'a',
    placeholder: plain('Why?'),
    min_length: 2,
    max_length: 100,
  }),
  input('Long text', { type: 'plain_text_input', action_id: 'a', multiline: true, initial_value: 'Two\nlines' }),
  input(
    'Number',
    {
      type: 'number_input',
      action_id: 'a',
      is_decimal_allowed: true,
      min_value: '0',
      max_value: '500',
      initial_value: '12.5',
    },
    { hint: plain('Credits, at most 500') },
  ),
  input('Email', { type: 'email_text_input', action_id: 'a' }, { optional: true }),
  input('Address', { type: 'url_text_input', action_id: 'a', initial_value: 'https://talktime.example' }),
  input('Menu', { type: 'static_select', action_id: 'a', options: OPTIONS, initial_option: option('Critical') }),
  input('Groups', {
    type: 'static_select',
    action_id: 'a',
    option_groups: [{ label: plain('Levels'), options: OPTIONS }],
  }),
  input('Several', {
    type: 'multi_static_select',
    action_id: 'a',
    options: OPTIONS,
    initial_options: [option('Low'), option('Exhausted')],
    max_selected_items: 2,
  }),
  input('Customer', {
    type: 'external_select',
    action_id: 'a',
    min_query_length: 0,
    placeholder: plain('Type a name'),
  }),
  input('Customers', { type: 'multi_external_select', action_id: 'a' }),
  input('Person', { type: 'users_select', action_id: 'a', initial_user: 'U0MIA' }),
  input('People', { type: 'multi_users_select', action_id: 'a' }),
  input('Channel', {
    type: 'conversations_select',
    action_id: 'a',
    default_to_current_conversation: true,
    filter: { include: ['public', 'private'], exclude_bot_users: true },
  }),
  input('Conversations', { type: 'multi_conversations_select', action_id: 'a' }),
  input('Public channel', { type: 'channels_select', action_id: 'a', initial_channel: 'C0ALERTS' }),
  input('Public channels', { type: 'multi_channels_select', action_id: 'a' }),
  input('Checkboxes', { type: 'checkboxes', action_id: 'a', options: OPTIONS, initial_options: [option('Low')] }),
  input('Radio', {
    type: 'radio_buttons',
    action_id: 'a',
    options: [{ ...option('Low'), description: plain('Below 100 credits') }, option('Critical')],
  }),
  input('Date', { type: 'datepicker', action_id: 'a', initial_date: '2026-11-30' }),
  input('Time', { type: 'timepicker', action_id: 'a', placeholder: plain('When') }),
  input('Date and time', { type: 'datetimepicker', action_id: 'a', initial_date_time: 1_795_363_261 }),
  input('Rich text', { type: 'rich_text_input', action_id: 'a' }, { optional: true }),
];

export const modal = {
  type: 'modal',
  callback_id: 'everything',
  private_metadata: '{"customer":"cus_acme"}',
  notify_on_close: true,
  title: plain('Every kind of input'),
  submit: plain('Save'),
  close: plain('Not now'),
  blocks: [section, ...inputs],
} satisfies ModalView;

export const home = {
  type: 'home',
  callback_id: 'home',
  blocks: [
    { type: 'header', text: plain('Bright Agency') },
    fields,
    actions,
    divider,
    accessory,
    { ...accessory, text: { type: 'mrkdwn', text: 'Acme Dental: *98 credits*, about 2 days' } },
    context,
  ],
} satisfies HomeView;

/** The blocks that a message may hold, each on its own. */
export const messageBlocks: readonly (KnownBlock | typeof line | typeof pie)[] = [
  header,
  divider,
  section,
  fields,
  accessory,
  context,
  actions,
  image,
  richText,
  table,
  markdown,
  line,
  bar,
  area,
  pie,
];
