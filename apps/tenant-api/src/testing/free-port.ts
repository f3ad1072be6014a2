import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux takes for outgoing connections, and below those of local stacks. */
const [FROM, TO] = [10_000, 20_000];
const TRIES = 100;

/**
 * A port that nobody listened on a moment ago. A process that is killed and started again on it must not find it taken by somebody's
 * outgoing connection.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FROM, TO);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${FROM} to ${TO} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
