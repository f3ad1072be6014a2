import { nth, type Words } from './words.js';

const month = nth('January February March April May June July August September October November December');

export const en: Words = {
  invoice: 'Invoice',
  creditNote: 'Credit note',
  reminder: (level) => `Reminder ${level}`,
  billTo: 'Bill to',
  taxId: 'Tax ID',
  number: 'Number',
  issued: 'Issue date',
  due: 'Due date',
  sent: 'Reminder date',
  period: 'Period',
  corrects: 'Corrects invoice',
  description: 'Description',
  quantity: 'Quantity',
  unitPrice: 'Unit price',
  amount: 'Amount',
  deployment: 'Deployment',
  subtotal: 'Subtotal',
  total: 'Total',
  creditApplied: 'Credit applied',
  paid: 'Paid',
  amountDue: 'Amount due',
  credited: 'Credited to you',
  deducted: 'Deducted from the invoice',
  toBalance: 'Added to your balance',
  reason: 'Reason',
  howToPay: 'How to pay',
  payBy: (date, number) => `Please pay by ${date} and quote ${number}, so that your payment is found at once.`,
  payNow: (date, number) => `This was due on ${date}. Please pay at once and quote ${number}.`,
  nothingToPay: 'There is nothing to pay.',
  creditKept: 'The amount is credited to your account and used on your next invoice.',
  reminded: (level, number, date) => `Reminder ${level}: our invoice ${number} was due on ${date} and is still open.`,
  reverseCharge: 'Reverse charge: the recipient of the service owes the tax.',
  provisional: 'Some usage of this period had not arrived yet; a difference will stand on a later invoice.',
  page: (page, of) => `Page ${page} of ${of}`,
  date: (year, monthNumber, day) => `${day} ${month(monthNumber)} ${year}`,
  month: (year, monthNumber) => `${month(monthNumber)} ${year}`,
};

/** As the United States and Canada write dates. */
export const enUs: Words = { ...en, date: (year, monthNumber, day) => `${month(monthNumber)} ${day}, ${year}` };
