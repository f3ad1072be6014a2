import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { licenseState, type LicenseClaims } from '@biplane/licensing';
import { checkInvariants, waitFor } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';

const startAt = '2026-04-10T10:00:00.000Z';
const DAY_MS = 86_400_000;
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const setTerm = (id: string, body: object) => suite.admin.put(`/api/v1/billing/subscriptions/${id}/term`, body);
const stateAt = (claims: unknown, instant: string, offsetMs = 0) =>
  licenseState(claims as LicenseClaims, new Date(Date.parse(instant) + offsetMs));

describe('terms', () => {
  it('B13: a fixed term is in exactly one state at each instant of its edges', async () => {
    const { deploymentId, subscription } = await suite.tenant();
    const term = { startsAt: '2026-04-11T00:00:00Z', endsAt: '2026-04-14T00:00:00Z', noticeDays: 1, graceDays: 2 };
    expect(await setTerm(subscription.id, term)).toMatchObject({ status: 200, body: { noticeDays: 1, graceDays: 2 } });
    const claims = await suite.license(deploymentId);
    expect(claims).toMatchObject({
      startsAt: '2026-04-11T00:00:00.000Z',
      noticeAt: '2026-04-13T00:00:00.000Z',
      termEndsAt: '2026-04-14T00:00:00.000Z',
      graceEndsAt: '2026-04-16T00:00:00.000Z',
      exp: Date.parse('2026-04-16T00:00:00Z') / 1000,
    });
    const edges: [string, string, string][] = [
      [claims.startsAt, 'not_started', 'active'],
      [claims.noticeAt, 'active', 'notice'],
      [claims.termEndsAt, 'notice', 'grace'],
      [claims.graceEndsAt, 'grace', 'expired'],
    ];
    for (const [edge, before, from] of edges) {
      expect([edge, stateAt(claims, edge, -1), stateAt(claims, edge), stateAt(claims, edge, 1)]).toEqual([
        edge,
        before,
        from,
        from,
      ]);
    }
  });

  it('one that ended while nothing ran is ended, and not renewed before', async () => {
    const [ended, other] = [await suite.tenant(), await suite.tenant()];
    const late = (id: string, endedAt: string | null) =>
      suite.postgres.query(
        `UPDATE subscription SET period_start = '2026-01-01', period_end = '2026-02-01', ended_at = $2 WHERE id = $1`,
        [id, endedAt],
      );
    const told = (type: string, { deploymentId }: { deploymentId: string }) =>
      suite.events(`subscription.tenant.${type}`, deploymentId);
    // As after a stop of months: neither its renewal nor its end was carried out.
    await late(ended.subscription.id, '2026-02-15T00:00:00Z');
    await waitFor('its end', async () => (await told('cancelled', ended)).length === 1);
    // A later one is renewed after it: by then it had its turn.
    await late(other.subscription.id, null);
    await waitFor('the renewal of the other', async () => (await told('renewed', other)).length === 1);
    expect(await told('renewed', ended)).toEqual([]);
  });

  it('a term given with the tenant stands in its first license', async () => {
    const term = { startsAt: '2026-05-01T00:00:00Z', endsAt: '2027-05-01T00:00:00Z', noticeDays: 30 };
    const { deploymentId } = await suite.tenant({ term });
    const claims = await suite.license(deploymentId);
    expect(claims).toMatchObject({
      version: 1,
      startsAt: '2026-05-01T00:00:00.000Z',
      noticeAt: '2027-04-01T00:00:00.000Z',
      termEndsAt: '2027-05-01T00:00:00.000Z',
    });
    expect(claims.exp).toBe(claims.iat + 7 * 86_400);
    expect(await suite.events('subscription.tenant.activated', deploymentId)).toMatchObject([
      { activatedAt: '2026-05-01T00:00:00.000Z' },
    ]);
  });

  it.each([
    ['an end that has passed', { endsAt: '2026-04-01T00:00:00Z' }, 422],
    ['a start that has passed', { startsAt: '2026-04-01T00:00:00Z' }, 422],
    ['an end before the start', { startsAt: '2026-06-01T00:00:00Z', endsAt: '2026-05-01T00:00:00Z' }, 422],
    ['a start of which nobody could be told', { startsAt: '9999-12-31T23:59:59Z' }, 422],
    ['an end that no license could carry', { endsAt: '9999-12-31T23:59:59Z' }, 422],
    ['an end of a year that UTC has no text for', { endsAt: '9999-12-31T23:59:59-14:00' }, 400],
    ['a date without a time', { endsAt: '2026-06-01' }, 400],
    ['days below zero', { graceDays: -1 }, 400],
    ['an unknown key', { until: '2026-06-01T00:00:00Z' }, 400],
  ])('refuses %s', async (_why, body, status) => {
    const { deploymentId, subscription } = await suite.tenant();
    expect(await setTerm(subscription.id, body)).toMatchObject({ status });
    expect((await suite.license(deploymentId)).version).toBe(1);
  });

  it('cancelled before its start it never works, and no day of it is charged', async () => {
    const term = { startsAt: '2026-05-01T00:00:00Z' };
    const { deploymentId } = await suite.tenant({ term });
    const body = { to: 'cancelled', reason: 'changed their mind' };
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, body);
    expect((await suite.license(deploymentId)).status).toBe('revoked');
    const { startedAt, endedAt } = await suite.subscription(deploymentId);
    expect(Date.parse(endedAt ?? '')).toBeLessThan(Date.parse(startedAt));
  });

  it('a short grace is covered by the daily re-issue, which ends with it; a later end revives the license', async () => {
    const { deploymentId, subscription } = await suite.tenant();
    await setTerm(subscription.id, { endsAt: '2026-04-11T12:00:00Z', graceDays: 1 });
    const [first] = [await suite.license(deploymentId)];
    expect([first.termEndsAt, first.graceEndsAt]).toEqual(['2026-04-12T00:00:00.000Z', '2026-04-13T00:00:00.000Z']);
    expect(first.exp).toBe(Date.parse('2026-04-13T00:00:00Z') / 1000);
    suite.core.setClock('2026-04-11T13:00:00.000Z');
    await waitFor('the end to be told', async () =>
      (await suite.events('subscription.tenant.cancelled', deploymentId)).some(
        ({ reason }) => reason === 'its term has ended',
      ),
    );
    expect(await suite.subscription(deploymentId)).toMatchObject({ status: 'expired' });
    // Signed again at its end: the same grace, which a day later is over, so nothing further is due.
    const ended = await waitFor('the license of the end', async () => {
      const claims = await suite.license(deploymentId);
      return claims.version > first.version && claims;
    });
    expect([ended.status, ended.graceEndsAt]).toEqual(['active', first.graceEndsAt]);
    suite.core.setClock('2026-04-12T14:00:00.000Z');
    const again = await waitFor('the daily one, inside the grace', async () => {
      const claims = await suite.license(deploymentId);
      return claims.version > ended.version && claims;
    });
    expect(again.exp).toBe(first.exp);
    expect(
      await suite.postgres.query('SELECT reissue_due_at FROM license_head WHERE deployment_id = $1', [deploymentId]),
    ).toEqual([{ reissue_due_at: null }]);
    expect(stateAt(again, '2026-04-13T00:00:00.000Z')).toBe('expired');

    expect(await setTerm(subscription.id, { endsAt: null })).toMatchObject({ status: 200, body: { status: 'active' } });
    const revived = await suite.license(deploymentId);
    expect(revived.termEndsAt > again.termEndsAt).toBe(true);
    expect(revived.exp * 1000 - revived.iat * 1000).toBe(7 * DAY_MS);
  });
});
