import type { MoneyJson } from '@biplane/kernel';
import type { ReminderLevel } from './domain/overdue.js';

export interface ReminderText {
  readonly issuer: string;
  readonly tenant: string;
  readonly number: string;
  readonly open: MoneyJson;
  readonly dueAt: Date;
  readonly level: ReminderLevel;
}

const WHAT_FOLLOWS: Readonly<Record<ReminderLevel, string>> = {
  1: 'If you have paid meanwhile, thank you: nothing more is to be done.',
  2: 'Your service goes on. It is suspended one week from now if the invoice stays unpaid.',
  3: 'Your service is suspended until what is overdue is paid. Nothing of your data is deleted.',
};

/** The mail is in English and short; the paper that comes with it is in the tenant's language. */
export function reminderMail({ issuer, tenant, number, open, dueAt, level }: ReminderText): {
  subject: string;
  text: string;
} {
  const amount = `${open.currency} ${open.amount}`;
  const title = level === 1 ? 'Payment reminder' : level === 2 ? 'Second payment reminder' : 'Last payment reminder';
  const lines = [
    `To ${tenant}`,
    '',
    `The invoice ${number} was due on ${dueAt.toISOString().slice(0, 10)}. ${amount} of it is open.`,
    WHAT_FOLLOWS[level],
    '',
    'The reminder is attached, with the details of the invoice.',
    '',
    issuer,
    '',
  ];
  return { subject: `${title}: invoice ${number}, ${amount}`, text: lines.join('\n') };
}
