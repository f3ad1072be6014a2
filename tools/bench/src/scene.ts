import { acmeTenant, emptyVersion, publishPlan, studioPlan, waitFor, type StackClient } from '@biplane/testing';

/** A tenant on a plan with one metered unit, ready to be counted; returns its deployment. */
export async function licensedDeployment(client: StackClient, region: string, meter: string): Promise<string> {
  const { core } = client;
  await core.expect(201, 'POST', '/api/v1/catalog/meters', {
    meter,
    name: 'Bench units',
    unit: 'unit',
    aggregation: 'sum',
    authority: 'data',
  });
  await publishPlan(core, plan(meter));
  const created = (await core.expect(202, 'POST', '/api/v1/tenants', tenant(region), {
    'Idempotency-Key': 'bench',
  })) as {
    deployment: { id: string };
    operation: { id: string };
  };
  await waitFor(
    'the bench tenant to be ready',
    async () => {
      const operation = await core.expect(200, 'GET', `/api/v1/operations/${created.operation.id}`);
      return (operation as { state: string }).state === 'succeeded';
    },
    { deadlineMs: 60_000 },
  );
  return created.deployment.id;
}

function plan(meter: string) {
  return {
    ...studioPlan,
    code: 'bench',
    version: {
      ...emptyVersion,
      modules: [{ module: 'bench', features: ['use'], dailyPrice: null, limits: [] }],
      meters: [{ meter, included: '0', price: { kind: 'per_unit', unitPrice: '0.01' } }],
    },
  };
}

function tenant(region: string) {
  return { ...acmeTenant({ slug: 'bench', region }), plan: { code: 'bench' }, addons: [] };
}
