import { runCore, type CoreOptions } from './running-core.js';

// A service that rotates the signing key until it is killed: for kill tests, which name the point in FAULT_POINTS.
const options = JSON.parse(process.argv.at(-1) ?? '{}') as CoreOptions & { readonly kid: string };
const core = await runCore(options);
const basic = Buffer.from('admin:admin').toString('base64');
const token = await fetch(`${core.url}/oauth/token`, {
  method: 'POST',
  headers: { authorization: `Basic ${basic}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
const { access_token } = (await token.json()) as { access_token: string };
const answer = await fetch(`${core.url}/api/v1/licenses/keys/rotate`, {
  method: 'POST',
  headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ kid: options.kid, reason: 'test' }),
});
if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
