import type { DemoContext } from '../context.js';
import { insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { check } from './gate.js';

/** A revoked license is refused, and stays refused while core-api is down: its home needs nobody to know. */
export async function revokeALicense(context: DemoContext): Promise<Outcome> {
  const { deploymentId } = context.globex;
  const before = await check(context, 'connectors:create', deploymentId);
  insistEqual(before.outcome, 'allow', 'the gate to answer for Globex before its license is revoked');
  await context.core.expect(200, 'POST', `/api/v1/licenses/${deploymentId}/revoke`, { reason: 'the demo is over' });
  const revokedAt = performance.now();
  await until(
    'the revocation to be enforced',
    30_000,
    () => check(context, 'connectors:create', deploymentId),
    ({ code }) => code === 'LICENSE.REVOKED',
  );
  const millis = Math.round(performance.now() - revokedAt);
  await context.client.control.kill('core-api');
  const denied = await check(context, 'connectors:create', deploymentId);
  insistEqual(denied.code, 'LICENSE.REVOKED', 'the revocation to hold while core-api is down');
  const allowed = await check(context, 'financials:automated_billing');
  insistEqual(allowed.outcome, 'allow', 'the gate to answer for Acme while core-api is down');
  await context.client.control.start('core-api');
  return {
    headline: `Globex is refused ${millis} ms after its revocation, also while core-api is down; Acme is served`,
    details: ['core-api started again'],
  };
}
