// Runs emulate's Stripe as a process of its own: it is an ES module, and it would listen on all interfaces. Prints its
// port when it is up.
import { Server } from 'node:net';

const { listen } = Server.prototype;
Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  this.once('listening', () => console.log(this.address().port));
  return listen.call(this, port, '127.0.0.1', ...rest.filter((argument) => typeof argument === 'function'));
};

const { createEmulator } = await import('emulate');
await createEmulator({ service: 'stripe', port: 0, seed: {} });
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
