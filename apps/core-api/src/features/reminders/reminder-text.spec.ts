import { describe, expect, it } from '@jest/globals';
import { reminderMail } from './reminder-text.js';

describe('reminderMail', () => {
  it('names the day of the suspension by when the invoice was due: it may be sent late', () => {
    const { subject, text } = reminderMail({
      issuer: 'Biplane GmbH',
      tenant: 'Acme',
      number: 'INV-2026-000042',
      open: { amount: '70.64', currency: 'USD' },
      dueAt: new Date('2026-05-15T03:00:00.000Z'),
      level: 2,
    });
    expect(subject).toBe('Second payment reminder: invoice INV-2026-000042, USD 70.64');
    expect(text).toContain('was due on 2026-05-15. USD 70.64 of it is open.');
    expect(text).toContain('it is suspended on 2026-06-05 if the invoice stays unpaid');
  });
});
