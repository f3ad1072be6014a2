import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@biplane/contracts';
import { sizeOfRun, waitFor, type ServiceClient } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { askCore, askGate, type Verdict } from './support/gate.js';
import { inParallel } from './support/in-parallel.js';
import { invariantsHold } from './support/invariants.js';
import { captureAll, typeOf } from './support/kafka.js';
import { startReplica, type Replica } from './support/replicas.js';
import { CORE, E2eStack, HOME } from './support/stack.js';
import { createReadyTenant, type CreatedTenant } from './support/tenants.js';
import { submit, usageEvent } from './support/usage.js';

const CAP = 40;
/** How many ask for more than there is. */
const TOO_MANY = sizeOfRun({ soak: 10_000, ci: 60 });
const AT_ONCE = 16;
const OFTEN = { everyMs: 100 };

describe('limits, asked of two processes of each plane', () => {
  const stack = E2eStack.open();
  const replicas: Replica[] = [];
  let cores: ServiceClient[];
  let gates: ServiceClient[];
  let tenant: CreatedTenant;
  let id: string;

  beforeAll(async () => {
    await authorCatalog(stack);
    for (const service of [CORE, HOME]) replicas.push(await startReplica(stack, service));
    const [core, home] = replicas as [Replica, Replica];
    cores = [stack.core, core.client];
    gates = [stack.gate, home.client];
    tenant = await createReadyTenant(stack, 'bounded');
    id = tenant.deployment.id;
  });
  afterAll(async () => {
    for (const { name } of replicas) await stack.control.stop(name);
  });

  const seat = (core: ServiceClient) =>
    askCore(core, { deploymentId: id, action: 'seats:assign', meter: 'seats', reserve: true });
  const anExport = (gate: ServiceClient) =>
    askGate(gate, { deploymentId: id, action: 'exports:run', meter: 'exports', reserve: true });

  /** Many at once, in turn at every process; the reservations of those that were admitted. */
  async function storm(
    clients: readonly ServiceClient[],
    ask: (client: ServiceClient) => Promise<Verdict>,
    many: number,
  ) {
    const admitted: string[] = [];
    const refused = new Map<string, number>();
    await inParallel(
      Array.from({ length: many }, (_, at) => at),
      AT_ONCE,
      async (at) => {
        const { isAllowed, code, reservationId } = await ask(clients[at % clients.length] as ServiceClient);
        if (isAllowed && reservationId !== undefined) admitted.push(reservationId);
        else refused.set(code ?? 'none', (refused.get(code ?? 'none') ?? 0) + 1);
      },
    );
    return { admitted, refused: Object.fromEntries(refused) };
  }
  /** What was admitted too late to be told is free again a moment later. */
  async function restOf(
    clients: readonly ServiceClient[],
    ask: (client: ServiceClient) => Promise<Verdict>,
    admitted: string[],
  ) {
    if (admitted.length >= CAP) return;
    await waitFor(
      'the rest to be admitted',
      async () => {
        for (const client of clients) {
          const { reservationId } = await ask(client);
          if (reservationId !== undefined) admitted.push(reservationId);
        }
        return admitted.length >= CAP;
      },
      OFTEN,
    );
  }
  const confirm = (client: ServiceClient, path: string, ids: readonly string[]) =>
    inParallel(ids, AT_ONCE, async (reservation) => {
      expect(await client.post(`${path}/reservations/${reservation}/confirm`)).toMatchObject({ status: 200 });
    });

  it(`C1: of ${CAP + TOO_MANY} who ask two processes of core-api at once for one of ${CAP}, exactly ${CAP} get it`, async () => {
    const { admitted, refused } = await storm(cores, seat, CAP + TOO_MANY);
    await restOf(cores, seat, admitted);
    expect(new Set(admitted).size).toBe(CAP);
    expect(Object.keys(refused)).toEqual(['LIMIT.REACHED']);
    for (const core of cores) expect(await seat(core)).toMatchObject({ outcome: 'deny', code: 'LIMIT.REACHED' });
    await confirm(stack.core, '/api/v1/subscription', admitted);
    for (const core of cores) expect(await seat(core)).toMatchObject({ outcome: 'deny', used: String(CAP) });
  });

  it(`C1: of ${CAP + TOO_MANY} who ask two processes of a home at once for one of ${CAP} a month, exactly ${CAP} get it`, async () => {
    const { admitted, refused } = await storm(gates, anExport, CAP + TOO_MANY);
    await restOf(gates, anExport, admitted);
    expect(new Set(admitted).size).toBe(CAP);
    expect(Object.keys(refused)).toEqual(['LIMIT.REACHED']);
    await confirm(stack.gate, '/internal/gate', admitted);
    for (const gate of gates) {
      expect(await anExport(gate)).toMatchObject({ outcome: 'deny', code: 'LIMIT.REACHED', used: String(CAP) });
    }
  });

  const override = (module: string, cap: number) =>
    stack.core.put(`/api/v1/deployments/${id}/overrides/${module}/${module}`, { cap: String(cap), reason: 'e2e' });
  const seesLimit = (
    clients: readonly ServiceClient[],
    ask: (client: ServiceClient) => Promise<Verdict>,
    limit: number,
  ) =>
    waitFor(
      `every process to enforce ${limit}`,
      async () => {
        const verdicts = await Promise.all(clients.map(ask));
        return verdicts.every((verdict) => verdict.limit === String(limit)) ? verdicts : null;
      },
      OFTEN,
    );

  it.each([
    { module: 'seats', plane: 'core-api', ask: seat, clientsOf: () => cores },
    { module: 'exports', plane: 'its home', ask: anExport, clientsOf: () => gates },
  ])(
    'B14: a cap lowered below use denies at once in every process of $plane and takes nothing away; raised, it admits the difference',
    async ({ module, ask, clientsOf }) => {
      const clients = clientsOf();
      expect((await override(module, 5)).status).toBeLessThan(300);
      for (const verdict of await seesLimit(clients, ask, 5)) {
        expect(verdict).toMatchObject({ outcome: 'deny', code: 'LIMIT.REACHED', used: String(CAP) });
      }
      const path = `/api/v1/deployments/${id}/overrides/${module}/${module}`;
      expect((await override(module, CAP + 3)).status).toBeLessThan(300);
      const admitted: string[] = [];
      await waitFor(
        'the raised cap to be enforced',
        async () => {
          const { admitted: more } = await storm(clients, ask, 4);
          admitted.push(...more);
          return admitted.length >= 3;
        },
        OFTEN,
      );
      await seesLimit(clients, ask, CAP + 3);
      expect((await storm(clients, ask, 8)).admitted).toEqual([]);
      expect(admitted).toHaveLength(3);
      expect((await stack.core.send('DELETE', path)).status).toBeLessThan(300);
    },
  );

  it('a throttled action is delayed beyond its rate, told when to come again, and admitted then', async () => {
    const burst = (gate: ServiceClient) =>
      askGate(gate, { deploymentId: id, action: 'bursts:run', meter: 'bursts', reserve: true });
    const delayed = await waitFor(
      'the rate to be reached',
      async () => {
        for (const gate of gates) {
          const verdict = await burst(gate);
          if (verdict.outcome === 'delay') return verdict;
        }
        return null;
      },
      OFTEN,
    );
    expect(delayed).toMatchObject({ code: 'LIMIT.THROTTLED', isAllowed: false });
    const retryAt = new Date(delayed.retryAt ?? 0);
    expect(retryAt.getTime()).toBeGreaterThan(stack.clock.now().getTime() - 60_000);
    await stack.clock.moveTo(new Date(Math.max(retryAt.getTime(), stack.clock.now().getTime()) + 2_000));
    expect(await burst(gates[1] as ServiceClient)).toMatchObject({ outcome: 'warn', isAllowed: true });
  });

  it('use beyond what is charged extra is admitted, and within seconds a violation in core-api and an event for the outside', async () => {
    const events = [1, 2, 3].map((count) =>
      usageEvent(id, { id: `extras-${count}`, time: stack.clock.now(), quantity: '5', meter: 'extras' }),
    );
    expect(await submit(stack, events)).toMatchObject({ accepted: 3, rejected: 0 });
    for (const gate of gates) {
      const verdict = await askGate(gate, { deploymentId: id, action: 'extras:run', meter: 'extras' });
      expect(verdict).toMatchObject({ outcome: 'overage', isAllowed: true, code: 'LIMIT.OVERAGE' });
    }
    const violation = await waitFor(
      'the violation',
      async () => {
        const { body } = await stack.core.get(`/api/v1/subscription/violations?deploymentId=${id}`);
        return (body as { data: { id: string; rule: string; meter: string }[] }).data.find(
          ({ rule, meter }) => rule === 'limit_overage' && meter === 'extras',
        );
      },
      OFTEN,
    );
    expect(violation).toMatchObject({ module: 'extras', source: 'data', resolvedAt: null });
    await waitFor(
      'its event',
      async () =>
        (await captureAll(stack, topics.events)).find(
          (record) =>
            typeOf(record).endsWith('subscription.entitlement.exceeded') &&
            String(record.message.headers?.['ce_id']) === violation.id,
        ),
      { everyMs: 1_000 },
    );
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
