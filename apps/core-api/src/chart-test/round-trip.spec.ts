import { describe, expect, it } from '@jest/globals';
import { proveRoundTrip, type Asked, type Probe } from './round-trip.js';

const deployment = '01990000-0000-7000-8000-00000000000d';
const tenant = '01990000-0000-7000-8000-00000000000a';

/** core-api by its answers: `METHOD path` → body, or what makes it. */
class ScriptedCore implements Asked {
  readonly asked: string[] = [];
  readonly keys: (string | undefined)[] = [];
  constructor(private readonly answers: Readonly<Record<string, unknown>>) {}

  authenticate(): Promise<void> {
    this.asked.push('token');
    return Promise.resolve();
  }

  expect<T>(method: string, path: string, _body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const name = `${method} ${path}`;
    this.asked.push(name);
    if (method === 'POST' && path === '/api/v1/tenants') this.keys.push(headers['idempotency-key']);
    const answer = this.answers[name];
    if (answer === undefined) return Promise.reject(new Error(`${name}: 404`));
    return Promise.resolve((typeof answer === 'function' ? (answer as () => unknown)() : answer) as T);
  }
}

const enforcing = (version: number, database = 'ready') => ({
  version,
  enforcedBy: [{ instanceId: 'pool-0', version, database }],
});
const known = {
  'GET /version': { version: '0.1.0' },
  'GET /api/v1/regions/eu-1': {},
  'GET /api/v1/tenants?slug=probe-eu-1': { data: [{ id: tenant }] },
  [`GET /api/v1/tenants/${tenant}`]: { id: tenant, deployments: [{ id: deployment, state: 'active' }] },
  [`POST /api/v1/licenses/${deployment}/reissue`]: { version: 7 },
  [`GET /api/v1/licenses/${deployment}`]: enforcing(7),
};
const fresh = {
  ...known,
  'GET /api/v1/tenants?slug=probe-eu-1': { data: [] },
  'GET /api/v1/subscription/plans/probe': {
    publishedVersion: 1,
    versions: [{ version: 1, content: { currency: 'EUR' } }],
  },
  'POST /api/v1/tenants': { deployment: { id: deployment }, operation: { id: 'op' } },
  'GET /api/v1/operations/op': { state: 'succeeded', steps: [] },
};

function run(answers: Readonly<Record<string, unknown>>, changes: Partial<Probe> = {}) {
  const core = new ScriptedCore(answers);
  const said: string[] = [];
  const probe = {
    regions: ['eu-1'],
    plan: 'probe',
    slug: 'probe',
    timeoutMs: 300,
    say: (line: string) => said.push(line),
  };
  return { core, said, done: proveRoundTrip(core, { ...probe, ...changes }) };
}

describe('the round trip of helm test', () => {
  it('is over when the home enforces the version that was just signed', async () => {
    const answers = [enforcing(6), enforcing(7, 'creating'), enforcing(7)];
    const { core, said, done } = run({ ...known, [`GET /api/v1/licenses/${deployment}`]: () => answers.shift() });
    await done;
    expect(answers).toEqual([]);
    expect(core.asked).toContain(`POST /api/v1/licenses/${deployment}/reissue`);
    expect(said.at(-1)).toMatch(/^eu-1: version 7 is enforced by pool-0 after \d+ ms$/);
  });

  it('makes the probe tenant once: a repetition finds it', async () => {
    const first = run(fresh);
    await first.done;
    expect(first.core.keys).toEqual(['helm-test-probe-eu-1']);
    const second = run(known);
    await second.done;
    expect(second.core.keys).toEqual([]);
  });

  it.each([
    [
      'a home that does not answer',
      { ...known, [`GET /api/v1/licenses/${deployment}`]: enforcing(6) },
      /eu-1 to enforce version 7/,
    ],
    ['a region that nobody described', { ...known, 'GET /api/v1/regions/eu-1': undefined }, /regions\/eu-1: 404/],
    [
      'a probe tenant that was suspended',
      {
        ...known,
        [`GET /api/v1/tenants/${tenant}`]: { id: tenant, deployments: [{ id: deployment, state: 'suspended' }] },
      },
      /no active deployment/,
    ],
    [
      'a plan that is a draft',
      { ...fresh, 'GET /api/v1/subscription/plans/probe': { publishedVersion: null, versions: [] } },
      /not published/,
    ],
    [
      'a provisioning that fails',
      {
        ...fresh,
        'GET /api/v1/operations/op': {
          state: 'failed',
          steps: [{ name: 'database', state: 'failed', reason: 'TEMPLATE_MISSING' }],
        },
      },
      /database: TEMPLATE_MISSING/,
    ],
  ])('fails at %s and says so', async (_why, answers, message) => {
    await expect(run(answers).done).rejects.toThrow(message);
  });
});
