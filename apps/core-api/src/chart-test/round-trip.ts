import type { CoreApi } from './core-api.js';

/** What is asked of core-api. */
export type Asked = Pick<CoreApi, 'authenticate' | 'expect'>;

export interface Probe {
  readonly regions: readonly string[];
  readonly plan: string;
  readonly slug: string;
  /** For all regions together. */
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

interface ProbeTenant {
  readonly id: string;
  readonly deployments: readonly { readonly id: string; readonly state: string }[];
}

interface License {
  readonly version: number;
  readonly enforcedBy: readonly { readonly instanceId: string; readonly version: number; readonly database: string }[];
}

interface Operation {
  readonly id: string;
  readonly state: string;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly reason: string | null }[];
}

const POLL_MS = 250;

/**
 * For each region a license is signed anew and has to come back as enforced: signing key, outbox, broker with its access rules, home,
 * tenant database and the report up are all on that way. Harmless to repeat: the probe tenant of a region is made once, under one
 * idempotency key, and found again; a license more is what each day brings anyway.
 */
export async function proveRoundTrip(core: Asked, probe: Probe): Promise<void> {
  const deadline = performance.now() + probe.timeoutMs;
  await core.authenticate();
  const { version } = await core.expect<{ version: string }>('GET', '/version');
  probe.say(`core-api ${version} answers, and knows this client`);
  for (const region of probe.regions) {
    await core.expect('GET', `/api/v1/regions/${region}`);
    const deploymentId = await probeDeployment(core, probe, region, deadline);
    const issued = await core.expect<License>('POST', `/api/v1/licenses/${deploymentId}/reissue`, {
      reason: 'helm test',
    });
    const startedAt = performance.now();
    const by = await until(`${region} to enforce version ${issued.version}`, deadline, async () => {
      const { enforcedBy } = await core.expect<License>('GET', `/api/v1/licenses/${deploymentId}`);
      const enforcing = enforcedBy.filter((each) => each.version >= issued.version && each.database === 'ready');
      return enforcing.length > 0 ? enforcing.map(({ instanceId }) => instanceId) : null;
    });
    const tookMs = Math.round(performance.now() - startedAt);
    probe.say(`${region}: version ${issued.version} is enforced by ${by.join(', ')} after ${tookMs} ms`);
  }
}

/** The region's probe tenant, made by the first test of all. */
async function probeDeployment(core: Asked, probe: Probe, region: string, deadline: number): Promise<string> {
  const slug = `${probe.slug}-${region}`;
  const known = await findTenant(core, slug);
  if (known !== null) {
    const deployment = known.deployments.find(({ state }) => state === 'active');
    if (deployment === undefined) throw new Error(`the probe tenant ${slug} has no active deployment: resume it`);
    return deployment.id;
  }
  const { deployment, operation } = await core.expect<{ deployment: { id: string }; operation: Operation }>(
    'POST',
    '/api/v1/tenants',
    await probeTenant(core, probe, region, slug),
    { 'idempotency-key': `helm-test-${slug}` },
  );
  probe.say(`${region}: the probe tenant ${slug} is made`);
  await until(`the provisioning of ${slug}`, deadline, async () => {
    const { state, steps } = await core.expect<Operation>('GET', `/api/v1/operations/${operation.id}`);
    if (state !== 'failed') return state === 'succeeded' || null;
    const reasons = steps.flatMap(({ name, reason }) => (reason === null ? [] : [`${name}: ${reason}`]));
    throw new Error(`the provisioning of ${slug} failed: ${reasons.join('; ')}`);
  });
  return deployment.id;
}

async function findTenant(core: Asked, slug: string): Promise<ProbeTenant | null> {
  const { data } = await core.expect<{ data: readonly { id: string }[] }>('GET', `/api/v1/tenants?slug=${slug}`);
  const found = data[0];
  return found === undefined ? null : core.expect<ProbeTenant>('GET', `/api/v1/tenants/${found.id}`);
}

async function probeTenant(core: Asked, { plan }: Probe, region: string, slug: string): Promise<object> {
  const { publishedVersion, versions } = await core.expect<{
    publishedVersion: number | null;
    versions: readonly { readonly version: number; readonly content: { readonly currency: string } }[];
  }>('GET', `/api/v1/subscription/plans/${plan}`);
  const sold = versions.find(({ version }) => version === publishedVersion);
  if (sold === undefined) throw new Error(`the plan ${plan} is not published`);
  return {
    slug,
    name: `Probe of ${region}`,
    region,
    plan: { code: plan },
    requirements: { dedicated: false },
    // A name that can receive nothing (RFC 2606).
    admin: { email: `probe@${slug}.invalid`, name: 'helm test' },
    billing: { currency: sold.content.currency, timeZone: 'UTC', country: 'AU', payByInvoice: false },
  };
}

/** Asks until there is an answer. Real time: this waits for processes, not for business. */
async function until<T>(what: string, deadline: number, ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() >= deadline) throw new Error(`the time is over while waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
