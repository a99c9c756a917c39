/**
 * `npm run pictures`: drives the bot through what it shows (subcommands, modals, buttons, Home tabs) with an agency of six
 * customers and three weeks of calls, over a real PostgreSQL and the fake Slack, and writes a picture of each to
 * docs/pictures/slack; and walks a browser from a pay link to the fake Stripe and back, into docs/pictures/pay. With a
 * folder after it, all there are go there instead.
 * Needs a Chromium: CHROMIUM_PATH, or /usr/bin/chromium.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawHome, drawMessages, drawView, namesOf } from '../../server/demo/slack/draw';
import { payPictures } from './pay';
import { openShop } from './shop';
import { tour, type Shot } from './tour';
import { takePictures } from './slack';

const FOLDER = join(__dirname, '../../docs/pictures/slack');
const PAY_FOLDER = join(__dirname, '../../docs/pictures/pay');
/** Kept in the repository, for the documentation. */
const KEPT = new Set([
  'home-owner',
  'home-set-up',
  'home-customer',
  'balance',
  'customers',
  'usage',
  'report',
  'top-up-confirm',
  'apply',
  'suspense',
  'doctor',
  'give-a-role',
]);
/** Of the pay pages. */
const KEPT_OF_PAY = new Set(['pay-desk', 'pay-desk-dark', 'pay-phone', 'stripe-desk', 'thanks-desk', 'dead-link-desk']);
/** What a page of the documentation should not be heavier than. */
const MOST_BYTES = 150 * 1024;

async function main([folder]: string[]): Promise<void> {
  const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(chromium))
    throw new Error(
      `There is no Chromium at ${chromium}. Install one (apt-get install chromium, or npx playwright-core install chromium) and say where it is: CHROMIUM_PATH=/path/to/chromium npm run pictures`,
    );
  const shop = await openShop();
  try {
    const shots = (await tour(shop)).filter(({ name }) => folder !== undefined || KEPT.has(name));
    const names = namesOf(shop.slack.state);
    const pages = shots.map((shot) => drawn(shot, names));
    const pictures = await takePictures(pages, { width: 760 });
    const target = folder ?? FOLDER;
    mkdirSync(target, { recursive: true });
    for (const [index, { name }] of shots.entries()) {
      const picture = await within(MOST_BYTES, pictures[index]!, pages[index]!);
      writeFileSync(join(target, `${name}.png`), picture);
    }
    writeFileSync(join(target, 'README.md'), index(shots));
    process.stdout.write(`${shots.length} pictures in ${target}\n`);
    const pay = (await payPictures(shop)).filter(({ name }) => folder !== undefined || KEPT_OF_PAY.has(name));
    const payTarget = folder ?? PAY_FOLDER;
    mkdirSync(payTarget, { recursive: true });
    for (const { name, picture } of pay) {
      if (picture.length > MOST_BYTES) throw new Error(`${name} has ${picture.length} bytes, of ${MOST_BYTES}`);
      writeFileSync(join(payTarget, `${name}.png`), picture);
    }
    process.stdout.write(`${pay.length} pictures in ${payTarget}\n`);
  } finally {
    await shop.close();
  }
}

/** A long page in a smaller scale. */
async function within(most: number, picture: Buffer, page: string): Promise<Buffer> {
  if (picture.length <= most) return picture;
  const [smaller] = await takePictures([page], { width: 760, scale: 0.75 });
  if (!smaller || smaller.length > most) throw new Error(`A picture has ${smaller?.length} bytes, of ${most}`);
  return smaller;
}

function drawn(shot: Shot, names: Parameters<typeof drawHome>[1]): string {
  switch (shot.kind) {
    case 'home':
      return drawHome(shot.view, names);
    case 'modal':
      return drawView(shot.view, names);
    case 'messages':
      return drawMessages(shot.messages, { names });
  }
}

function index(shots: readonly Shot[]): string {
  const pictures = shots.map(({ name, title }) => `## ${title}\n\n![${title}](${name}.png)\n`);
  return `# The Slack bot in pictures\n\nDrawn by \`npm run pictures\` from what the bot sends to Slack.\n\n${pictures.join('\n')}`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
