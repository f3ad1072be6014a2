import { object, pattern, integer, type Schema } from '../schema/schema.js';
import { instant, uuid, version } from '../schema/scalars.js';

/** What the events for the outside are made of, besides the scalars of the records. */

/** Written by people or by a job; shown to the tenant elsewhere too. Never a secret. */
export function text(maxLength: number, description: string): Schema<string> {
  return { json: { type: 'string', maxLength, description } };
}

export const catalogCode = pattern('^[a-z](?:_?[a-z0-9]){0,62}$', 63, 'Code of the catalog');

export const planRef = object({ code: catalogCode, version });

export const money = object({
  amount: pattern('^-?(?:0|[1-9][0-9]{0,29})(?:\\.[0-9]{1,4})?$', 40, 'Decimal string in major units'),
  currency: pattern('^[A-Z]{3}$', 3, 'ISO 4217'),
});

export const period = object({ from: instant, to: instant });

export const month = pattern('^[0-9]{4}-(?:0[1-9]|1[0-2])$', 7, 'A month in the zone of the tenant, e.g. 2026-04');

export const rank = integer(0, 1_000_000);

/** Who an event is about: every event but those of plans names the tenant, and most name one deployment of it. */
export const ofTenant = { tenantId: uuid } as const;
export const ofDeployment = { tenantId: uuid, deploymentId: uuid } as const;
