import { execFileSync } from 'node:child_process';
import type { ReceivedWebhook } from './webhook-receiver.js';

// Jest cannot load a CommonJS package that requires an ES module; Node can, so the published library judges in a process of its own.
const JUDGE = `
const { Webhook } = require('standardwebhooks');
const { secret, headers, body, verify } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const webhook = new Webhook(secret);
const at = new Date(Number(headers['webhook-timestamp']) * 1000);
const result = verify ? webhook.verify(body, headers) : webhook.sign(headers['webhook-id'], at, body);
process.stdout.write(JSON.stringify(result));
`;

function judge(secret: string, { headers, body }: ReceivedWebhook, verify: boolean): unknown {
  const input = JSON.stringify({ secret, headers, body, verify });
  return JSON.parse(execFileSync(process.execPath, ['-e', JUDGE], { input, stdio: 'pipe' }).toString()) as unknown;
}

/** The body as a receiver with the published library reads it; throws when that refuses it. */
export function verifyWebhook(secret: string, webhook: ReceivedWebhook): unknown {
  return judge(secret, webhook, true);
}

/** The signature that the published library makes, whatever the time of the webhook is. */
export function signatureOf(secret: string, webhook: ReceivedWebhook): string {
  return judge(secret, webhook, false) as string;
}
