import type { TargetPolicy } from '@biplane/service-kit';
import type { CoreEnvironment } from '../../environment.js';

/** Injection token of where webhooks may go. */
export const TARGET_POLICY = Symbol('TARGET_POLICY');

/** Nothing but the open internet, unless a demo or a test names its receivers; a production start refuses the variable. */
export function targetPolicyOf(environment: CoreEnvironment): TargetPolicy {
  return { testHosts: environment.WEBHOOK_TEST_HOSTS ?? [] };
}
