import { EntitlementChecks } from '../features/entitlements/index.js';
import { runCore, type CoreOptions } from './running-core.js';

/** A replica that asks itself for reservations, as many as it is told: for races between processes. Prints how many it got. */
export interface AskerInput extends CoreOptions {
  readonly deploymentId: string;
  readonly attempts: number;
  readonly lanes: number;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as AskerInput;
const core = await runCore({ ...input, clients: { asker: ['entitlements:check'] } });
core.app.get(EntitlementChecks, { strict: false }).answerMs = 10_000;
const token = await fetch(`${core.url}/oauth/token`, {
  method: 'POST',
  headers: { authorization: `Basic ${Buffer.from('asker:asker').toString('base64')}` },
  body: new URLSearchParams({ grant_type: 'client_credentials' }),
});
const { access_token } = (await token.json()) as { access_token: string };
const body = JSON.stringify({
  deploymentId: input.deploymentId,
  action: 'connectors:create',
  meter: 'connectors',
  reserve: true,
});

async function ask(): Promise<boolean> {
  const answer = await fetch(`${core.url}/api/v1/subscription/check`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body,
  });
  const decision = (await answer.json()) as { outcome: string; code: string | null };
  if (decision.outcome === 'allow' || decision.code === 'LIMIT.REACHED') return decision.outcome === 'allow';
  throw new Error(`${answer.status} ${JSON.stringify(decision)}`);
}

let [got, left] = [0, input.attempts];
await Promise.all(
  Array.from({ length: input.lanes }, async () => {
    while (left > 0) {
      left -= 1;
      if (await ask()) got += 1;
    }
  }),
);
await core.close();
process.stdout.write(`got ${got}\n`);
