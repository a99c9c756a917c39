import { startFakeSlack, type FakeSlack } from '../../../server/demo/slack';
import { drawHome, drawMessages, drawView, drawWorkspace } from '../../../server/demo/slack/draw';
import * as samples from './blocks-by-type';

const body = (html: string) => html.slice(html.indexOf('<body>'));
const mrkdwn = (text: string, changes = {}) =>
  body(drawMessages([{ text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text, ...changes } }] }]));
/** The tags of a page, to see that what was typed became none. */
const tags = (html: string) => [...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag);

describe('drawn mrkdwn', () => {
  it.each([
    ['*bold* _italic_ ~gone~ `code`', '<b>bold</b> <i>italic</i> <s>gone</s> <code>code</code>'],
    ['*_both_*', '<b><i>both</i></b>'],
    ['a_b_c 2*3*4', 'a_b_c 2*3*4'],
    ['*not here', '*not here'],
    ['> quoted\n&gt; more\nplain', '<blockquote>quoted<br>more</blockquote>plain'],
    ['```*x* &lt;b&gt;```', '<pre>*x* &lt;b&gt;</pre>'],
    ['<https://a.example?a=1&amp;b=2|a link>', '<a href="https://a.example?a=1&amp;b=2" rel="noreferrer">a link</a>'],
    ['<javascript:alert(1)|x>', '&lt;javascript:alert(1)|x&gt;'],
    ['<#C0ALERTS>', '<span class="mention">#C0ALERTS</span>'],
    ['<!date^1795363261^{date_num} {time_secs}|then>', '2026-11-22 16:01:01'],
    ['&lt;!channel&gt; &amp;amp;', '&lt;!channel&gt; &amp;amp;'],
    [':warning: Tom &amp; Sons', ':warning: Tom &amp; Sons'],
  ])('%s', (text, html) => {
    expect(mrkdwn(text)).toContain(html);
  });

  it.each(['<!channel>', '<!here>', '<!everyone>', '<@U0MIA>', '<!subteam^S1|@all>', 'hello @channel'])(
    '%s would notify somebody, and shows it',
    (text) => {
      expect(mrkdwn(text)).toMatch(/class="ping( person)?"/);
    },
  );

  it('makes nothing of plain text that is verbatim', () => {
    expect(mrkdwn('@channel https://a.example', { verbatim: true })).not.toMatch(/class="ping"|<a /);
    expect(mrkdwn('https://a.example')).toContain('<a href="https://a.example"');
  });

  it('shows what would ping in rich text and in markdown', () => {
    const rich = {
      type: 'rich_text',
      elements: [{ type: 'rich_text_section', elements: [{ type: 'broadcast', range: 'here' }] }],
    };
    const markdown = { type: 'markdown', text: 'hello <!channel>' };
    for (const block of [rich, markdown])
      expect(drawMessages([{ text: 'x', blocks: [block] }])).toContain('class="ping"');
  });
});

describe('a drawing', () => {
  const everything = [
    drawMessages([{ text: 'x', blocks: samples.messageBlocks }]),
    drawView(samples.modal),
    drawHome(samples.home),
  ];

  it('loads nothing from anywhere and runs nothing', () => {
    for (const html of everything) {
      expect(html).not.toMatch(/<(script|link|iframe|object)|src="(?!data:)|url\(|@import| on\w+=/);
    }
  });

  it('has everything in it', () => {
    const all = everything.join('');
    for (const part of [
      'Turn alerts off?',
      'Acme Dental',
      'Usage, 7 days',
      'Every kind of input',
      'Credits, at most 500',
      'Not now',
      'Below 100 credits',
    ])
      expect(all).toContain(part);
    expect(all.match(/<svg/g)).toHaveLength(4);
    expect(all).not.toContain('not drawn');
  });

  it('escapes whatever was typed, wherever it stands', () => {
    const evil = '"><img src=x onerror=alert(1)><script>';
    const hostile = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, inner: unknown) =>
          typeof inner === 'string' && !['type', 'style', 'align', 'action_id', 'block_id', 'range'].includes(key)
            ? evil
            : inner,
        ),
      );
    const blocks = hostile(samples.messageBlocks.map(({ ...block }) => ({ ...block }))) as object[];
    const calm = drawMessages([{ text: 'x', blocks: samples.messageBlocks, userId: 'U0MIA', visibleTo: 'U0MIA' }]);
    const drawn = drawMessages([{ text: evil, blocks, userId: evil, visibleTo: evil }], { channel: evil });
    const view = hostile(samples.modal) as object;
    for (const html of [drawn, drawView({ ...view, type: 'modal' }), drawHome({ ...view, type: 'home' })]) {
      expect(html).not.toMatch(/<img src=x|<script|onerror=alert\(1\)>/);
    }
    expect(tags(drawn).filter((tag) => !tags(calm).includes(tag))).toEqual([]);
  });
});

describe('a workspace', () => {
  let slack: FakeSlack;
  afterEach(() => slack.close());

  it('is drawn whole, and served live, to everybody or as one person sees it', async () => {
    slack = await startFakeSlack({
      workspaces: [
        {
          id: 'T0BRIGHT',
          name: 'Bright <Agency>',
          tokens: ['xoxb'],
          users: [{ id: 'U0MIA' }, { id: 'U0TOM' }],
          channels: [{ id: 'C0ALERTS', name: 'alerts', sharedWith: ['T0CLIENT'] }],
        },
      ],
    });
    const call = (method: string, args: object) =>
      fetch(slack.apiUrl + method, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer xoxb' },
        body: JSON.stringify(args),
      }).then((response) => response.json() as Promise<{ ts?: string }>);
    const { ts } = await call('chat.postMessage', { channel: 'C0ALERTS', text: 'Low', blocks: [samples.header] });
    await call('chat.postMessage', { channel: 'C0ALERTS', text: 'History', thread_ts: ts });
    await call('chat.postEphemeral', { channel: 'C0ALERTS', user: 'U0MIA', text: 'Only Mia' });
    await call('views.publish', { user_id: 'U0MIA', view: samples.home });
    await call('views.open', { trigger_id: slack.state.triggers.create('T0BRIGHT', 'U0MIA'), view: samples.modal });

    const whole = drawWorkspace(slack.state, 'T0BRIGHT');
    for (const part of [
      'Low on credits',
      '1 reply',
      'Only visible to you (Mia)',
      'Bright Agency',
      'Every kind of input',
    ])
      expect(whole).toContain(part);

    const get = async (path: string) => (await fetch(slack.origin + path)).text();
    expect(await get('/')).toContain('Bright &lt;Agency&gt;');
    expect(await get('/')).toContain('Mia</a>: Home tab, a modal is open');
    expect(await get('/T0BRIGHT/C0ALERTS')).toContain('Only Mia');
    expect(await get('/T0BRIGHT/C0ALERTS/U0TOM')).not.toContain('Only Mia');
    expect(await get('/T0BRIGHT/U0MIA')).toContain('Every kind of input');
    expect((await fetch(`${slack.origin}/T0BRIGHT/C0NOWHERE`)).status).toBe(404);
  });
});
