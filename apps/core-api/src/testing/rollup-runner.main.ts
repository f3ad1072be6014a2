import { runCore, type CoreOptions } from './running-core.js';

// A service that is asked for a roll-up, says what it answered, and ends: for suites that kill it, or race two of them.
const { query, ...options } = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & { readonly query: string };
const core = await runCore(options);
const basic = Buffer.from('admin:admin').toString('base64');
const token = await fetch(`${core.url}/oauth/token`, {
  method: 'POST',
  headers: { authorization: `Basic ${basic}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
const { access_token } = (await token.json()) as { access_token: string };
process.stdout.write('ready\n');
const answer = await fetch(`${core.url}/api/v1/admin/billing/rollup?${query}`, {
  method: 'POST',
  headers: { authorization: `Bearer ${access_token}` },
});
process.stdout.write(`answered ${answer.status} ${await answer.text()}\n`);
await core.close();
