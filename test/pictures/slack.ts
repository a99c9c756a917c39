/**
 * `npx tsx test/pictures/slack.ts page.html picture.png [--width 900]`: a page that the fake Slack drew, as a picture to
 * look at. Needs a Chromium: CHROMIUM_PATH, or /usr/bin/chromium.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Without what a browser does by itself on the network. */
export const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export interface PictureOptions {
  readonly width?: number;
  /** At least; a longer page makes a longer picture. */
  readonly height?: number;
  readonly scale?: number;
}

/** Takes pictures of HTML pages, several with one browser. Returns the files' bytes. */
export async function takePictures(pages: readonly string[], options: PictureOptions = {}): Promise<Buffer[]> {
  const { width = 900, height = 200, scale = 1 } = options;
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
  try {
    const context = await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      javaScriptEnabled: false,
      offline: true,
    });
    const pictures: Buffer[] = [];
    for (const html of pages) {
      const tab = await context.newPage();
      await tab.setContent(html);
      pictures.push(await tab.screenshot({ fullPage: true }));
      await tab.close();
    }
    return pictures;
  } finally {
    await browser.close();
  }
}

async function main([from, to, ...rest]: string[]): Promise<void> {
  if (!from || !to) throw new Error('Usage: npx tsx test/pictures/slack.ts page.html picture.png [--width 900]');
  const width = rest[0] === '--width' ? Number(rest[1]) : undefined;
  const [picture] = await takePictures([readFileSync(from, 'utf8')], { width });
  writeFileSync(to, picture ?? '');
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
