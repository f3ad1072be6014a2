import { randomInt } from 'node:crypto';
import getPort, { portNumbers } from 'get-port';

// Below the range from which Linux takes ports of outgoing connections (32768 and up): a broker that is killed and
// started again on its port must not find it taken by some client's connection.
const RANGE_FROM = 20_000;
const RANGE_TO = 32_000;
const SPAN = 400;

/** Hands out free loopback ports: from `base` upwards in order, or from a random place so that parallel stacks rarely meet. */
export class Ports {
  private cursor: number;

  constructor(base?: number) {
    if (base !== undefined && (!Number.isInteger(base) || base < 1024 || base > 65_535 - SPAN)) {
      throw new RangeError(`The port base must be a whole number from 1024 to ${65_535 - SPAN}, not ${base}`);
    }
    this.cursor = base ?? randomInt(RANGE_FROM, RANGE_TO - SPAN);
  }

  async next(): Promise<number> {
    const port = await getPort({ host: '127.0.0.1', port: portNumbers(this.cursor, this.cursor + SPAN) });
    this.cursor = port + 1;
    return port;
  }
}
