import { financialsModule, gst, storageAddon, studioMeters, studioPlan } from '@biplane/testing';
import type { E2eStack } from './stack.js';

const search = { module: 'search', features: ['full_text'], dailyPrice: null, limits: [] };

/** One with a module that Studio lacks, to tell two tenants apart. */
const atelierPlan = {
  ...studioPlan,
  code: 'atelier',
  name: 'Atelier',
  rank: 30,
  version: { ...studioPlan.version, modules: [financialsModule, search] },
};

/** What is sold in these suites. The first suite of a run authors it, the others find it there. */
export async function authorCatalog({ core }: E2eStack): Promise<void> {
  const author = async (path: string, body: unknown) => {
    const { status, body: answer } = await core.post(path, body);
    if (![201, 409, 422].includes(status)) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return status === 201;
  };
  for (const meter of studioMeters) await author('/api/v1/catalog/meters', meter);
  await author('/api/v1/catalog/addons', storageAddon);
  await author('/api/v1/catalog/taxes', gst);
  for (const plan of [studioPlan, atelierPlan]) {
    if (!(await author('/api/v1/subscription/plans', plan))) continue;
    await core.expect(200, 'POST', `/api/v1/subscription/plans/${plan.code}/versions/1/publish`);
  }
}
