import type { HomeView, ModalView, View } from '@slack/types';
import { BLOCKS } from '../../../server/demo/slack/blocks/blocks';
import { ELEMENTS } from '../../../server/demo/slack/blocks/elements';
import { checkView } from '../../../server/demo/slack/blocks/view';
import { brokenLimits } from '../../../server/demo/slack';
import * as samples from './blocks-by-type';

/**
 * What the fake takes is held against Slack's own types: every sample `satisfies` them (blocks-by-type.ts). What it
 * refuses is held against the limits in their comments, which are quoted below as "types", and in docs.slack.dev ("docs").
 */
type Changes = Record<string, unknown>;

const plain = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) });
const option = (text: number, value: number, changes: Changes = {}) => ({
  text: plain(text),
  value: 'x'.repeat(value),
  ...changes,
});
const options = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ text: plain(5), value: `v${index}` }));
const inMessage = (...blocks: object[]) => brokenLimits({ text: 'x', blocks });
const button = (changes: Changes) => ({
  type: 'actions',
  elements: [{ type: 'button', text: plain(5), ...changes }],
});
const input = (element: Changes, changes: Changes = {}) => ({ type: 'input', label: plain(5), element, ...changes });
const inModal = (changes: Changes, ...blocks: object[]) =>
  checkView({ ...samples.modal, blocks: blocks.length > 0 ? blocks : samples.modal.blocks, ...changes }, 'modal');
const chart = (changes: Changes) => ({ ...samples.line, chart: { ...samples.line.chart, ...changes } });

describe('a sample of every block', () => {
  it.each(samples.messageBlocks.map((block) => [block.type, block] as const))(
    '%s is taken in a message',
    (_type, block) => {
      expect(inMessage(block)).toEqual([]);
    },
  );

  it('is taken in a modal and on a Home tab', () => {
    const blocks = samples.messageBlocks.filter(
      ({ type }) => !['table', 'markdown', 'data_visualization'].includes(type),
    );
    const modal = { ...samples.modal, blocks } as ModalView satisfies View;
    const home = { ...samples.home, blocks } as HomeView satisfies View;
    expect([checkView(modal, 'modal'), checkView(home, 'home')]).toEqual([[], []]);
    expect([checkView(samples.modal, 'modal'), checkView(samples.home, 'home')]).toEqual([[], []]);
  });

  it('is there for every block and element that the fake takes', () => {
    const json = JSON.stringify([samples.messageBlocks, samples.modal, samples.home]);
    const missing = [...Object.keys(BLOCKS), ...Object.keys(ELEMENTS)].filter((type) => !json.includes(`"${type}"`));
    // alert is for modals only and not ours; a file block is Slack's own.
    expect(missing).toEqual(['alert', 'file']);
  });
});

describe('a message is refused with', () => {
  it.each<[string, string[], string]>([
    // types: "Maximum length for the text in this field is 75 characters."
    ['a button of 76', inMessage(button({ text: plain(76) })), 'button: 76 characters, of 75'],
    // types: "Maximum length for this field is 2000 characters."
    ["a button's value of 2,001", inMessage(button({ value: 'x'.repeat(2_001) })), 'value: 2001 characters, of 2000'],
    // types: "Maximum length for this field is 3000 characters."
    ['an address of 3,001', inMessage(button({ url: `https://a.b/${'x'.repeat(2_989)}` })), '3001 characters, of 3000'],
    ['an address that is none', inMessage(button({ url: 'talktime' })), 'url: not an address'],
    ['a style of its own', inMessage(button({ style: 'warning' })), 'style: "warning"'],
    // types: "Maximum length for this field is 255 characters."
    ['an action_id of 256', inMessage(button({ action_id: 'x'.repeat(256) })), 'action_id: 256 characters'],
    ['a block_id of 256', inMessage({ ...samples.section, block_id: 'x'.repeat(256) }), 'block_id: 256 characters'],
    // types: "Should be unique among all other `action_id`s in the containing block."
    [
      'an action_id twice',
      inMessage({ ...samples.actions, elements: Array(2).fill(samples.actions.elements[0]) }),
      'action_id used twice',
    ],
    // types: "There is a maximum of 25 elements in each action block."
    [
      '26 elements',
      inMessage({ type: 'actions', elements: Array(26).fill({ type: 'button', text: plain(1) }) }),
      '1 to 25',
    ],
    // types: "An array of up to 5 options to display in the menu."
    [
      '6 in an overflow',
      inMessage({ ...samples.section, accessory: { type: 'overflow', options: options(6) } }),
      '1 to 5',
    ],
    // types: title 100, text 300, confirm and deny 30.
    [
      'a long confirmation',
      inMessage(button({ confirm: { title: plain(101), text: plain(301), confirm: plain(31), deny: plain(31) } })),
      '101 characters, of 100',
    ],
    ['a confirmation without its text', inMessage(button({ confirm: { title: plain(5) } })), 'confirm: missing text'],
    // types: "The standard markdown-formatted text. Limit 12,000 characters max."
    ['markdown of 12,001', inMessage({ type: 'markdown', text: 'x'.repeat(12_001) }), '12001 characters, of 12000'],
    // types: "Maximum 100 rows. Each row object is an array with a max of 20 table cells."
    ['101 rows', inMessage({ ...samples.table, rows: Array(101).fill(samples.table.rows[0]) }), 'rows: not 1 to 100'],
    [
      '21 cells',
      inMessage({ ...samples.table, rows: [Array(21).fill({ type: 'raw_text', text: 'x' })] }),
      'cells: not 1 to 20',
    ],
    ['an empty cell', inMessage({ ...samples.table, rows: [[{ type: 'raw_text', text: '' }]] }), 'text: empty'],
    // docs, "Table block": only_one_table_allowed.
    ['two tables', inMessage(samples.table, samples.table), 'only_one_table_allowed'],
    // types: "Maximum length for this field is 2000 characters."
    ['an image without words', inMessage({ type: 'image', image_url: 'https://a.b/c.png' }), 'missing alt_text'],
    ['an image of two sources', inMessage({ ...samples.image, slack_file: { id: 'F1' } }), 'and not both'],
    // types: "You can't add this block to app surfaces directly."
    ['a file block', inMessage({ type: 'file', source: 'remote', external_id: 'x' }), 'file in a message'],
    ['an alert block', inMessage({ type: 'alert', text: plain(5) }), 'alert in a message'],
    ['a block that nobody knows', inMessage({ type: 'hologram' }), 'unsupported type: hologram'],
    [
      'an input in a section',
      inMessage({ ...samples.section, accessory: { type: 'number_input' } }),
      'unsupported element',
    ],
    [
      'rich text of an unknown kind',
      inMessage({ type: 'rich_text', elements: [{ type: 'x' }] }),
      'unsupported rich text',
    ],
    // docs, "Data visualization block".
    [
      'a chart with a title of 51',
      inMessage({ ...samples.line, title: 'x'.repeat(51) }),
      'title: 51 characters, of 50',
    ],
    ['a third chart', inMessage(samples.line, samples.bar, samples.pie), 'more than 2 in a message'],
    [
      '7 segments',
      inMessage(
        chart({
          type: 'pie',
          series: undefined,
          axis_config: undefined,
          segments: Array(7).fill({ label: 'x', value: 1 }),
        }),
      ),
      '1 to 6',
    ],
    [
      'an empty segment',
      inMessage({ ...samples.pie, chart: { type: 'pie', segments: [{ label: 'x', value: 0 }] } }),
      'not above 0',
    ],
    ['a name twice', inMessage(chart({ series: Array(2).fill(samples.line.chart.series[0]) })), 'name used twice'],
    [
      'a point without a category',
      inMessage(chart({ axis_config: { categories: ['Mon'] } })),
      'labels: not the categories',
    ],
    ['a radar chart', inMessage(chart({ type: 'radar' })), 'radar, of line or bar or area or pie'],
  ])('%s', (_what, problems, said) => {
    expect(problems.join('\n')).toContain(said);
  });

  it('any chart where the workspace does not know charts yet', () => {
    expect(brokenLimits({ text: 'x', blocks: [samples.line] }, { charts: false })).toEqual([
      'unsupported type: data_visualization [json-pointer:/blocks/0]',
    ]);
  });

  it('more text than 13,200 characters in all, and for our own sake more than 10,000', () => {
    const of = (characters: number) => Array(5).fill({ type: 'section', text: plain(characters / 5) });
    expect(inMessage(...of(10_000))).toEqual([]);
    expect(inMessage(...of(10_005)).join()).toContain('that we allow');
    expect(inMessage(...of(13_205)).join()).toContain('msg_blocks_too_long');
  });
});

describe('a view is refused with', () => {
  it.each<[string, readonly string[], string]>([
    // types: "with a maximum length of 24 characters", for title, submit and close.
    ['a title of 25', inModal({ title: plain(25) }), 'title: 25 characters, of 24'],
    ['a submit of 25', inModal({ submit: plain(25) }), 'submit: 25 characters, of 24'],
    ['a close of 25', inModal({ close: plain(25) }), 'close: 25 characters, of 24'],
    ['no title', inModal({ title: undefined }), 'missing title'],
    // types: "`submit` is required when an input block is within the `blocks` array."
    ['an input and no submit', inModal({ submit: undefined }), 'submit: required'],
    // types: "Maximum length of 3000 characters."
    ['private_metadata of 3,001', inModal({ private_metadata: 'x'.repeat(3_001) }), '3001 characters, of 3000'],
    // types: "Maximum length of 255 characters."
    ['a callback_id of 256', inModal({ callback_id: 'x'.repeat(256) }), '256 characters, of 255'],
    // types: "Max of 100 blocks."
    ['101 blocks', inModal({}, ...Array(101).fill({ type: 'divider' })), 'blocks: 101, of 1 to 100'],
    ['no blocks', checkView({ ...samples.modal, blocks: [] }, 'modal'), 'blocks: 0'],
    ['a stray key', inModal({ width: 'large' }), 'a modal has no width'],
    ['a block_id twice', inModal({}, samples.inputs[0] ?? {}, samples.inputs[0] ?? {}), 'block_id used twice'],
    ['a chart', inModal({}, samples.line), 'data_visualization in a modal'],
    ['a table', inModal({}, samples.table), 'table in a modal'],
    // types: "Maximum length for the text in this field is 2000 characters."
    ['a label of 2,001', inModal({}, input({ type: 'plain_text_input' }, { label: plain(2_001) })), 'of 2000'],
    ['a hint of 2,001', inModal({}, input({ type: 'plain_text_input' }, { hint: plain(2_001) })), 'of 2000'],
    ['a button as an input', inModal({}, input({ type: 'button', text: plain(5) })), 'unsupported element in input'],
    // types: "Maximum length for the `text` field in this object is 150 characters."
    ['a placeholder of 151', inModal({}, input({ type: 'plain_text_input', placeholder: plain(151) })), 'of 150'],
    // types: "Maximum value is 3000."
    ['a min_length of 3,001', inModal({}, input({ type: 'plain_text_input', min_length: 3_001 })), 'min_length'],
    [
      'lengths the wrong way round',
      inModal({}, input({ type: 'plain_text_input', min_length: 5, max_length: 2 })),
      'above',
    ],
    // types: `is_decimal_allowed: boolean` is required; "cannot be greater than `max_value`".
    ['a number that does not say decimals', inModal({}, input({ type: 'number_input' })), 'missing is_decimal_allowed'],
    [
      'a numeric minimum',
      inModal({}, input({ type: 'number_input', is_decimal_allowed: true, min_value: 1 })),
      'in a string',
    ],
    [
      'a minimum above the maximum',
      inModal({}, input({ type: 'number_input', is_decimal_allowed: true, min_value: '2', max_value: '1' })),
      'min_value: above max_value',
    ],
    // types: "Maximum number of options is 100. If `option_groups` is specified, this field should not be."
    ['101 options', inModal({}, input({ type: 'static_select', options: options(101) })), '1 to 100'],
    ['a menu without options', inModal({}, input({ type: 'static_select' })), 'needs options or option_groups'],
    [
      'both options and groups',
      inModal({}, input({ type: 'static_select', options: options(1), option_groups: [] })),
      'not both',
    ],
    // types: "Maximum length for the `text` in this field is 75 characters."
    ['an option of 76', inModal({}, input({ type: 'static_select', options: [option(76, 1)] })), 'of 75'],
    // docs, "Option object": 150 by now. The comment in @slack/types 3.2 still says 75.
    [
      'a value of 151',
      inModal({}, input({ type: 'static_select', options: [option(1, 151)] })),
      '151 characters, of 150',
    ],
    [
      'an option with an address',
      inModal({}, input({ type: 'static_select', options: [option(1, 1, { url: 'https://a.b' })] })),
      'option has no url',
    ],
    [
      'a value twice',
      inModal({}, input({ type: 'static_select', options: [option(1, 1), option(2, 1)] })),
      'used twice',
    ],
    // types: "A single option that exactly matches one of the options".
    [
      'an initial option of its own',
      inModal({}, input({ type: 'static_select', options: options(2), initial_option: option(1, 1) })),
      'none of the options',
    ],
    // types: "A maximum of 10 options are allowed."
    ['11 checkboxes', inModal({}, input({ type: 'checkboxes', options: options(11) })), '1 to 10'],
    ['11 radio buttons', inModal({}, input({ type: 'radio_buttons', options: options(11) })), '1 to 10'],
    // types: "Minimum number is 1."
    [
      '0 items at most',
      inModal({}, input({ type: 'multi_external_select', max_selected_items: 0 })),
      'max_selected_items',
    ],
    // types: "This should be in the format `YYYY-MM-DD`", "`HH:mm`", "10 digits".
    ['a date that is none', inModal({}, input({ type: 'datepicker', initial_date: '30.11.2026' })), 'not YYYY-MM-DD'],
    ['a time that is none', inModal({}, input({ type: 'timepicker', initial_time: '9:30' })), 'not HH:mm'],
    [
      'milliseconds',
      inModal({}, input({ type: 'datetimepicker', initial_date_time: 1_795_363_261_000 })),
      'initial_date_time',
    ],
    // types: "Only one element can be set to `true`."
    [
      'two that take the focus',
      inModal({}, ...[1, 2].map(() => input({ type: 'plain_text_input', focus_on_load: true }))),
      'on more than one element',
    ],
    // types: "The array cannot be empty."
    ['an empty filter', inModal({}, input({ type: 'conversations_select', filter: {} })), 'filter: empty'],
    ['a Home tab with a title', checkView({ ...samples.home, title: plain(5) }, 'home'), 'a home has no title'],
    ['another type', checkView(samples.home, 'modal'), 'type: "home"'],
  ])('%s', (_what, problems, said) => {
    expect(problems.join('\n')).toContain(said);
  });
});
