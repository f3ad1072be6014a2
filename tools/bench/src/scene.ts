import { waitFor, type StackClient } from '@biplane/testing';

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
  await core.expect(201, 'POST', '/api/v1/subscription/plans', plan(meter));
  await core.expect(200, 'POST', '/api/v1/subscription/plans/bench/versions/1/publish');
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
    code: 'bench',
    name: 'Bench',
    tier: 'standard',
    rank: 1,
    description: '',
    version: {
      currency: 'USD',
      interval: 'month',
      proration: 'day',
      trialDays: 0,
      cutoffHours: 24,
      baseFee: '0.00',
      setupFee: '0.00',
      minimumCommitment: null,
      maximum: null,
      modules: [{ module: 'bench', features: ['use'], dailyPrice: null, limits: [] }],
      meters: [{ meter, included: '0', price: { kind: 'per_unit', unitPrice: '0.01' } }],
      featureFlags: {},
      dedicatedCompute: false,
    },
  };
}

function tenant(region: string) {
  return {
    slug: 'bench',
    name: 'Bench',
    region,
    plan: { code: 'bench' },
    addons: [],
    requirements: {
      compliance: [],
      residency: region.split('-')[0],
      expectedMembers: 1,
      expectedStorageGb: '1',
      expectedRequestsPerDay: '1',
      dedicated: false,
    },
    admin: { email: 'bench@bench.example', name: 'Bench' },
    billing: { currency: 'USD', timeZone: 'UTC', country: 'AU', taxId: null, payByInvoice: true, locale: 'en' },
  };
}
