import type { MoneyJson } from '@biplane/kernel';
import { reminderDueAt, type ReminderLevel } from './domain/overdue.js';

export interface ReminderText {
  readonly issuer: string;
  readonly tenant: string;
  readonly number: string;
  readonly open: MoneyJson;
  readonly dueAt: Date;
  readonly level: ReminderLevel;
}

/** An operator may hold a deployment, and a reminder may be late: what follows is counted from `dueAt` all the same. */
function whatFollows(level: ReminderLevel, dueAt: Date): string {
  if (level === 1) return 'If you have paid meanwhile, thank you: nothing more is to be done.';
  if (level === 2)
    return `Your service goes on. Unless we agreed otherwise, it is suspended on ${dayOf(reminderDueAt(dueAt, 3))} if the invoice stays unpaid.`;
  return 'Unless we agreed otherwise, your service is suspended until what is overdue is paid. Nothing of your data is deleted.';
}

const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

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
    `The invoice ${number} was due on ${dayOf(dueAt)}. ${amount} of it is open.`,
    whatFollows(level, dueAt),
    '',
    'The reminder is attached, with the details of the invoice.',
    '',
    issuer,
    '',
  ];
  return { subject: `${title}: invoice ${number}, ${amount}`, text: lines.join('\n') };
}
