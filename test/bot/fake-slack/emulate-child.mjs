// Runs emulate's Slack as a process of its own: it is an ES module, and it would listen on all interfaces. Prints its
// address when it is up. What it is to hold besides the channel comes as JSON on the command line.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  this.once('listening', () => console.log(`http://127.0.0.1:${this.address().port}/api/`));
  return listen.call(this, port, '127.0.0.1', ...rest.filter((argument) => typeof argument === 'function'));
};

const scopes = ['chat:write', 'im:write', 'files:write', 'users:read', 'channels:read', 'im:read', 'groups:read'];
const { createEmulator } = await import('emulate');
await createEmulator({
  service: 'slack',
  port: 0,
  seed: {
    tokens: { 'xoxb-test-token': { login: 'U000000001', scopes } },
    slack: {
      channels: [{ name: 'alerts' }],
      users: [{ name: 'mia', real_name: 'Mia' }],
      oauth_apps: [
        {
          client_id: '1111111111.2222222222',
          client_secret: 'secret',
          name: 'Talktime',
          redirect_uris: ['http://localhost/slack/oauth_redirect'],
          scopes,
        },
      ],
      ...JSON.parse(process.argv[2] ?? '{}'),
    },
  },
});
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
