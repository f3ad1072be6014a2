import { describe, expect, it } from '@jest/globals';
import { limitEventFault, type JudgedLimitEvent } from './judge-limit-event.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const [home, other] = ['01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8059'];
const now = new Date('2026-04-10T12:00:00.000Z');
const event: JudgedLimitEvent = {
  deploymentId: id,
  firstAt: '2026-04-10T11:58:00.000Z',
  lastAt: '2026-04-10T11:59:00.000Z',
};
const said = { key: id, region: 'eu-1', homeId: home };
const placed = {
  region: 'eu-1',
  placements: [{ homeId: home, from: new Date('2026-04-01T00:00:00.000Z'), to: null as Date | null }],
};
const moved = { ...placed, placements: [{ ...placed.placements[0]!, to: new Date('2026-04-10T11:00:00.000Z') }] };

describe('judging a limit event', () => {
  it('accepts what the home that serves the deployment says', () => {
    expect(limitEventFault(event, said, placed, now)).toBeNull();
  });

  it.each([
    ['KEY_MISMATCH', event, { ...said, key: other }, placed],
    ['DEPLOYMENT_UNKNOWN', event, said, undefined],
    ['REGION_MISMATCH', event, { ...said, region: 'us-1' }, placed],
    ['HOME_DOES_NOT_SERVE', event, { ...said, homeId: other }, placed],
    ['HOME_DOES_NOT_SERVE', event, { ...said, homeId: null }, placed],
    ['HOME_DOES_NOT_SERVE', event, said, moved],
    ['EVENT_DATES', { ...event, firstAt: '2026-04-10T11:59:30.000Z' }, said, placed],
    ['EVENT_IN_FUTURE', { ...event, lastAt: '2026-04-10T12:05:01.000Z' }, said, placed],
    ['EVENT_TOO_OLD', { ...event, firstAt: '2026-03-01T00:00:00.000Z' }, said, placed],
  ] as const)('F1: refuses with %s what does not agree with what core-api decided', (fault, told, by, deployment) => {
    expect(limitEventFault(told, by, deployment, now)).toBe(fault);
  });
});
