import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RandomIds, Metrics } from '@biplane/service-kit';
import { FakeClock } from '@biplane/testing';
import { MailDelivery, type HeldMail } from './mail-delivery.js';
import { ATTEMPTS_MAX } from './mail-schedule.js';
import type { SendOutcome } from './mailer.js';

const clock = new FakeClock('2026-05-01T00:00:00Z');
let metrics: Metrics;
let delivery: MailDelivery;

beforeEach(() => {
  metrics = new Metrics();
  delivery = new MailDelivery(metrics, clock, new RandomIds(clock));
});

const held = (outcome: SendOutcome, attempts = 1) => ({
  attempts,
  send: () => Promise.resolve(outcome),
  sent: jest.fn<HeldMail['sent']>(() => Promise.resolve()),
  failed: jest.fn<HeldMail['failed']>(() => Promise.resolve()),
});
const away: SendOutcome = { sent: false, error: 'CONNECTION', permanent: false };

describe('mails that are delivered', () => {
  it('are recorded as they ended: sent, to be tried again, or never again', async () => {
    const sent = held({ sent: true });
    const again = held(away);
    const never = [held({ sent: false, error: 'ADDRESS_INVALID', permanent: true }), held(away, ATTEMPTS_MAX)];
    await delivery.deliver([sent, again, ...never]);
    expect([sent.sent.mock.calls, sent.failed.mock.calls]).toEqual([[[clock.now()]], []]);
    const [error, dueAt] = again.failed.mock.calls[0]!;
    expect([error, dueAt! > clock.now()]).toEqual(['CONNECTION', true]);
    expect(never.map(({ failed }) => failed.mock.calls)).toEqual([[['ADDRESS_INVALID', null]], [['CONNECTION', null]]]);
    const counted = await metrics.registry.getSingleMetricAsString('mail_attempts_total');
    for (const [result, count] of Object.entries({ SENT: 1, CONNECTION: 2, ADDRESS_INVALID: 1 })) {
      expect(counted).toContain(`mail_attempts_total{result="${result}"} ${count}`);
    }
  });

  it('hold up no other when their own end can not be recorded', async () => {
    const lost = { ...held({ sent: true }), sent: () => Promise.reject(new Error('the database is away')) };
    const other = held({ sent: true });
    await delivery.deliver([lost, other]);
    expect(other.sent).toHaveBeenCalledTimes(1);
  });
});
