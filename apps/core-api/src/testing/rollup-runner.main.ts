import { ServiceClient } from '@biplane/testing';
import { runCore, type CoreOptions } from './running-core.js';

interface Run {
  readonly id: string;
  readonly state: string;
}

// A service that is asked for a roll-up, says what came of it, and ends: for suites that kill it, or race two of them.
const { query, ...options } = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & { readonly query: string };
const core = await runCore(options);
const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
let answer = await admin.post(`/api/v1/admin/billing/rollup?${query}`, undefined);
// On a busy machine neither its own turn nor another's ends within the wait of one request.
while (answer.status === 409) answer = await admin.post(`/api/v1/admin/billing/rollup?${query}`, undefined);
while (answer.status === 202 || (answer.body as Run).state === 'running') {
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer = await admin.get(`/api/v1/admin/billing/rollups/${(answer.body as Run).id}`);
}
process.stdout.write(`answered ${answer.status} ${JSON.stringify(answer.body)}\n`);
await core.close();
