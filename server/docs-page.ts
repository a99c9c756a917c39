import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Talktime API</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/page.js"></script>
  </body>
</html>
`;

const SCRIPT = `window.addEventListener('load', () => {
  SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#page',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
`;

/** Everything comes from this service. Swagger UI sets style attributes, hence unsafe-inline, for styles alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page that shows the API: Swagger UI over /openapi.json. */
export function serveDocsPage(app: FastifyInstance): void {
  const assets = dirname(require.resolve('swagger-ui-dist/package.json'));
  const files = {
    '/docs': ['text/html; charset=utf-8', () => PAGE],
    '/docs/page.js': ['text/javascript; charset=utf-8', () => SCRIPT],
    '/docs/swagger-ui.css': ['text/css; charset=utf-8', () => readFileSync(join(assets, 'swagger-ui.css'))],
    '/docs/swagger-ui-bundle.js': [
      'text/javascript; charset=utf-8',
      () => readFileSync(join(assets, 'swagger-ui-bundle.js')),
    ],
  } as const;
  for (const [path, [type, read]] of Object.entries(files)) {
    let content: string | Buffer | undefined;
    app.get(path, { schema: { hide: true } as object }, async (_request, reply) =>
      reply
        .header('content-security-policy', POLICY)
        .header('cache-control', path === '/docs' ? 'no-cache' : 'public, max-age=86400')
        .type(type)
        .send((content ??= read())),
    );
  }
}
