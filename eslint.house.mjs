// The house (CONTRIBUTING.md): which room may import from which. Arrows point one way:
// server, bot -> core; nodes -> the contract's types; the money and the fold do no I/O.
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const zone = (target, from, message, except) => ({ target, from, message, ...(except && { except }) });
const PURE = 'It is pure: no I/O, no clock. Pass in what it needs.';

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', 'test/'] },
  {
    files: ['core/**/*.ts', 'bot/**/*.ts', 'server/**/*.ts', 'nodes/**/*.ts', 'credentials/**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    // The other configuration's rules are not loaded here, so its disable comments look unused.
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: './tsconfig.service.json' })] },
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            ...['./server', './bot', './nodes', './credentials'].map((from) =>
              zone('./core', from, 'The core knows no HTTP server, no Slack, no n8n.'),
            ),
            zone('./bot', './server', 'The bot is handed what it needs through bot/ports.ts.'),
            ...['./nodes', './credentials'].flatMap((target) => [
              zone(target, './server', 'Nodes talk HTTP to /v1.'),
              zone(target, './bot', 'Nodes talk HTTP to /v1.'),
              zone(target, './core', 'Nodes import the types of the contract and nothing else.', ['./contract']),
            ]),
            ...['./server', './bot'].flatMap((target) =>
              ['./nodes', './credentials'].map((from) => zone(target, from, 'The n8n package stands alone.')),
            ),
            zone('./core/money', './core', PURE, ['./money']),
            zone('./core/ledger/fold', './core', PURE, [
              './money',
              './contract',
              './calls/facts.ts',
              './alerts/forecast.ts',
              './alerts/levels.ts',
              './alerts/transition.ts',
              './ledger/accounts.ts',
              './ledger/commands.ts',
              './ledger/identity.ts',
              './ledger/lots.ts',
              './ledger/state.ts',
              './ledger/fold',
            ]),
          ],
        },
      ],
    },
  },
  {
    files: [
      'core/money/**/*.ts',
      'core/ledger/fold/**/*.ts',
      'core/ledger/lots.ts',
      'core/calls/*/parse.ts',
      'core/calls/facts.ts',
      'core/alerts/forecast.ts',
      'core/alerts/levels.ts',
      'core/alerts/transition.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['pg', 'node:*', '!node:crypto', '@slack/*', 'fastify*'], message: PURE }] },
      ],
      'no-restricted-globals': ['error', 'fetch', 'setTimeout', 'setInterval', 'process'],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: PURE },
        { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: PURE },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: PURE },
      ],
    },
  },
  {
    files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportDeclaration[importKind!='type'][source.value=/core/]",
          message: 'Import the contract with `import type`: nothing of the service is shipped with the nodes.',
        },
      ],
    },
  },
);
