import type { DemoContext } from '../context.js';
import { insistEqual } from '../expect.js';
import type { Outcome } from '../narrator.js';

export interface Decision {
  readonly outcome: string;
  readonly isAllowed: boolean;
  readonly code: string;
  readonly licenseVersion: number;
}

/** Asks the gate as a tenant service would. */
export async function check(
  context: DemoContext,
  action: string,
  deploymentId: string = context.deploymentId,
): Promise<Decision> {
  const question = { deploymentId, action };
  return (await context.gate.expect(200, 'POST', '/internal/gate/check', question)) as Decision;
}

/** One request that the plan allows and one that it does not. */
export async function askTheGate(context: DemoContext): Promise<Outcome> {
  const allowed = await check(context, 'financials:automated_billing');
  insistEqual(allowed.outcome, 'allow', 'the gate to answer for a licensed module');
  const refused = await check(context, 'search:full_text');
  insistEqual(refused.outcome, 'deny', 'the gate to answer for a module that is not licensed');
  return {
    headline: 'one request allowed, one refused',
    details: [
      `financials:automated_billing → ${allowed.outcome}`,
      `search:full_text → ${refused.outcome} (${refused.code})`,
    ],
  };
}
