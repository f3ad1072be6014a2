import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { querySql, UnitOfWork } from '@biplane/service-kit';
import { ServiceClient, sizeOfRun, spawnSource, waitFor } from '@biplane/testing';
import type { AskerInput } from '../../testing/check-asker.main.js';
import { ChecksRig, type Decision } from '../../testing/checks-rig.js';
import { cutProxy } from '../../testing/cut-proxy.js';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { ANSWER_MS } from './checks.service.js';

let rig: ChecksRig;
beforeAll(async () => {
  rig = await ChecksRig.start();
});
afterAll(() => rig.close());

describe('when no answer can be had', () => {
  it('B1: a database that does not answer denies within 250 ms, and holds nothing', async () => {
    const { deploymentId } = await rig.made();
    const proxy = await cutProxy(rig.suite.postgres.url);
    const options = {
      databaseUrl: proxy.url,
      regions: ['eu-1'],
      startAt: ChecksRig.laterAt,
      fieldKey: rig.suite.core.fieldKey,
    };
    const behind: RunningCore = await runCore({ ...options, clients: ChecksRig.clients });
    try {
      const cut = new ServiceClient(behind.url, { clientId: 'gate', clientSecret: 'gate' });
      const body = { deploymentId, action: 'connectors:create', meter: 'connectors', reserve: true };
      const ask = async () => (await cut.expect(200, 'POST', '/api/v1/subscription/check', body)) as Decision;
      ChecksRig.patient(behind);
      expect(await ask()).toMatchObject({ outcome: 'allow' });
      ChecksRig.patient(behind, ANSWER_MS);
      proxy.cut();
      const took: number[] = [];
      for (let count = 0; count < 5; count += 1) {
        const startedAt = performance.now();
        expect(await ask()).toMatchObject({ outcome: 'deny', isAllowed: false, code: 'ENTITLEMENT.UNAVAILABLE' });
        took.push(performance.now() - startedAt);
      }
      // The quickest, with what HTTP and a busy machine add: it is the deadline that answers, not a time-out of the pool.
      expect(Math.min(...took)).toBeLessThan(1_000);
      proxy.mend();
      ChecksRig.patient(behind);
      await waitFor('an answer after the cut', async () => (await ask()).outcome === 'allow');
    } finally {
      proxy.mend();
      await behind.close();
      await proxy.close();
    }
  });
});

describe('races of replicas', () => {
  it('C1: any number of processes that reserve get exactly what the limit has, and not one more', async () => {
    const { deploymentId } = await rig.made();
    const processes = sizeOfRun({ soak: 8, ci: 2 });
    const input: AskerInput = {
      ...{
        databaseUrl: rig.suite.postgres.url,
        regions: ['eu-1'],
        startAt: ChecksRig.laterAt,
        fieldKey: rig.suite.core.fieldKey,
      },
      ...{ deploymentId, attempts: sizeOfRun({ soak: 1_000, ci: 10 }), lanes: 4 },
    };
    const asker = new URL('../../testing/check-asker.main.ts', import.meta.url);
    const children = Array.from({ length: processes }, () => spawnSource(asker, input));
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual(Array(processes).fill(0));
    const got = ends.map(({ output }) => Number(/got (\d+)/.exec(output)?.[1]));
    expect(got.reduce((sum, each) => sum + each, 0)).toBe(10);
    const held = `SELECT 1 FROM limit_reservation WHERE deployment_id = $1 AND state = 'held'`;
    expect(await rig.suite.postgres.query(held, [deploymentId])).toHaveLength(10);
  });
});

describe('many who are refused', () => {
  it('a flood of denials is answered as such, and each of them is counted in the end', async () => {
    const { deploymentId } = await rig.made();
    const refused = () => rig.connector(deploymentId, { quantity: '11', reserve: false });
    expect((await refused()).code).toBe('LIMIT.REACHED');
    const flood = 20;
    let answered = 0;
    let answers: Promise<Decision[]> = Promise.resolve([]);
    // Whoever raises the count of the violation waits here; the others are not held up.
    await rig.suite.core.app.get(UnitOfWork, { strict: false }).run(async (tx) => {
      await querySql(tx, 'SELECT 1 FROM violation WHERE deployment_id = $1::uuid FOR UPDATE', [deploymentId]);
      const asked = Array.from({ length: flood }, () => refused().finally(() => (answered += 1)));
      answers = Promise.all(asked);
      await waitFor('all but the first of a second', () => answered >= flood - 3);
    });
    expect(new Set((await answers).map(({ code }) => code))).toEqual(new Set(['LIMIT.REACHED']));
    await waitFor('all of them to be counted', async () => {
      const [violation] = await rig.violations(deploymentId);
      return violation?.['count'] === flood + 1 && violation['severity'] === 'critical';
    });
  });
});

describe('the passing of time', () => {
  it('ingestion at its threshold is queued and let in at the next period, in order; a reservation ends by itself', async () => {
    const { deploymentId } = await rig.made();
    await rig.ingested(deploymentId, '48', ChecksRig.startAt);
    const queued = [await rig.ingestion(deploymentId, '5'), await rig.ingestion(deploymentId, '30')];
    expect(queued).toMatchObject([{ code: 'LIMIT.QUEUED' }, { code: 'LIMIT.QUEUED' }]);
    const { reservationId } = await rig.connector(deploymentId, { quantity: '10' });

    // 14:00 UTC on 30 April is midnight in Brisbane.
    rig.suite.core.setClock('2026-04-30T14:00:05.000Z');
    const tickets = await waitFor('the next period', async () => {
      const found = await Promise.all(queued.map(({ ticketId }) => rig.ticketOf(ticketId!)));
      return found.every(({ state }) => state === 'admitted') && found;
    });
    expect(tickets!.every(({ admittedAt }) => admittedAt! >= '2026-04-30T14:00')).toBe(true);
    const events = await rig.suite.events('subscription.ticket.admitted', deploymentId);
    expect(events.map(({ ticketId }) => ticketId)).toEqual(queued.map(({ ticketId }) => ticketId));
    await rig.act(tickets![0]!.reservationId!, 'confirm');
    expect(await rig.quota(deploymentId, 'ingestion.ingested_gb.month')).toMatchObject({ used: '35', remaining: '15' });

    const expired = await waitFor('the reservation to end', async () => {
      const { body } = await rig.gate.get(`/api/v1/subscription/reservations/${reservationId}`);
      return (body as { state: string }).state === 'expired' && body;
    });
    expect(expired).toMatchObject({ quantity: '10' });
    expect(await rig.act(reservationId!, 'confirm')).toMatchObject({
      status: 410,
      body: { code: 'RESERVATION.EXPIRED' },
    });
    expect((await rig.connector(deploymentId)).outcome).toBe('allow');
  });
});
