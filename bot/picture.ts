import { renderAsync } from '@resvg/resvg-js';

/** The one font that pictures are drawn with, on every machine alike: those of the system are left alone. */
const FONT = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
/** Twice the size, for sharp screens. */
const ZOOM = 2;

/** Draws an SVG as PNG. */
export async function pictureOf(svg: string): Promise<Buffer> {
  const image = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: ZOOM },
    font: { loadSystemFonts: false, fontFiles: [FONT], defaultFontFamily: 'DejaVu Sans' },
  });
  return image.asPng();
}
