import { randomUUID } from 'node:crypto';
import { runCore, type CoreOptions } from './running-core.js';
import { tenantBody } from './scenario.js';

// A service that creates tenants until it is killed: for kill tests, which name the point in FAULT_POINTS.
const options = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & { readonly region: string };
const core = await runCore(options);
const basic = Buffer.from('admin:admin').toString('base64');
const token = await fetch(`${core.url}/oauth/token`, {
  method: 'POST',
  headers: { authorization: `Basic ${basic}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
const { access_token } = (await token.json()) as { access_token: string };
for (let count = 0; count < 50; count += 1) {
  const answer = await fetch(`${core.url}/api/v1/tenants`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${access_token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify(tenantBody(`t-${randomUUID().slice(0, 8)}`, options.region)),
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
}
throw new Error('The fault point was never reached');
