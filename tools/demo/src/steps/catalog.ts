import { gst, publishPlan, recordsMeter, storageAddon, studioMeters } from '@biplane/testing';
import type { DemoContext } from '../context.js';
import type { Outcome } from '../narrator.js';
import { acmePlan, controlMeters, standardPlan } from '../scenario.js';

const meters = [...studioMeters, recordsMeter, ...controlMeters];

/** Authors what is sold: meters, an add-on, a tax, and a plan whose version is immutable once published. */
export async function authorCatalog({ core }: DemoContext): Promise<Outcome> {
  for (const meter of meters) await core.expect(201, 'POST', '/api/v1/catalog/meters', meter);
  await core.expect(201, 'POST', '/api/v1/catalog/addons', storageAddon);
  await core.expect(201, 'POST', '/api/v1/catalog/taxes', gst);
  for (const plan of [acmePlan, standardPlan]) await publishPlan(core, plan);
  return {
    headline: `plan "studio" published: $50.00 a month, 1,488 droplet hours included, $0.01 each above`,
    details: [
      'plan "standard" published: ten connectors and 50 GB a month',
      `${meters.length} meters, add-on storage_50gb at $7.50, GST 10 % for Australia`,
    ],
  };
}
