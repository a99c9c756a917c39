import { createHash } from 'node:crypto';
import { PAY_PAGE_HEADERS } from '../../../server/pay/page';
import { sorryPage } from '../../../server/pay/pages';

it('the style of a page is the one that its headers allow, to the letter', () => {
  const [, style] = /<style>([\s\S]*?)<\/style>/.exec(sorryPage('A title', 'A text'))!;
  const hash = createHash('sha256').update(style!).digest('base64');
  expect(PAY_PAGE_HEADERS['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
});
