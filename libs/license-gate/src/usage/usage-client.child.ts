import { writeSync } from 'node:fs';
import { UsageClient } from './usage-client.js';

interface Input {
  readonly url: string;
  readonly spoolFolder: string;
  readonly deploymentId: string;
  /** As many recorders at once; each goes on until the process is killed, or until `total` are recorded. */
  readonly recorders: number;
  readonly total: number | null;
}

const { url, spoolFolder, deploymentId, recorders, total } = JSON.parse(process.argv.at(-1) ?? '{}') as Input;
const client = new UsageClient({ url, token: 'token', spoolFolder, source: 'kill-test', gatherMs: 5 });
let left = total ?? Infinity;

async function recordOn(): Promise<void> {
  while (left > 0) {
    left -= 1;
    const id = await client.record({ deploymentId, meter: 'api_calls', quantity: '1' });
    writeSync(1, `${id}\n`); // told: from here on it may not be lost
  }
}

await client.start();
await Promise.all(Array.from({ length: recorders }, recordOn));
await client.flush();
await client.close();
