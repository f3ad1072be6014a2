import { acmeTenant, gst, publishPlan, storageAddon, studioMeters, studioPlan } from '@biplane/testing';

/** Bodies of the API by example: what suites create first. */
export { gst, storageAddon, studioMeters as meters, studioPlan as studio };

export function regionBody(homeId: string) {
  return {
    residency: 'eu',
    pools: [{ homeId, url: 'http://127.0.0.1:41002' }],
    thresholds: { members: 500, storageGb: '500', requestsPerDay: '1000000' },
    isolatingCompliance: ['hipaa', 'pci-dss'],
    domain: 'eu-1.example',
  };
}

export const tenantBody = (slug: string, region: string) => acmeTenant({ slug, region });

interface Api {
  expect(status: number, method: string, path: string, body?: unknown): Promise<unknown>;
}

/** Key, region, meters, plan, add-on and tax: what a tenant needs. */
export async function prepareCatalog(
  admin: Api,
  options: { region: string; homeId: string; key: unknown },
): Promise<void> {
  await admin.expect(201, 'POST', '/api/v1/licenses/keys', options.key);
  await admin.expect(200, 'PUT', `/api/v1/regions/${options.region}`, regionBody(options.homeId));
  for (const meter of studioMeters) await admin.expect(201, 'POST', '/api/v1/catalog/meters', meter);
  await admin.expect(201, 'POST', '/api/v1/catalog/addons', storageAddon);
  await admin.expect(201, 'POST', '/api/v1/catalog/taxes', gst);
  await publishPlan(admin, studioPlan);
}
