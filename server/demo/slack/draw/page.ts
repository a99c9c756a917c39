import { STYLE } from './style';

export function escapeHtml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A page of its own: nothing is loaded from anywhere, and nothing in it runs. `body` is HTML already. */
export function page(title: string, body: string, options: { readonly refresh?: number } = {}): string {
  const refresh = options.refresh ? `<meta http-equiv="refresh" content="${options.refresh}">` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body>${body}</body></html>
`;
}
