import { nth, type Words } from './words.js';

const month = nth('Januar Februar März April Mai Juni Juli August September Oktober November Dezember');

export const de: Words = {
  invoice: 'Rechnung',
  creditNote: 'Gutschrift',
  reminder: (level) => `${level}. Mahnung`,
  billTo: 'Rechnungsempfänger',
  taxId: 'USt-IdNr.',
  number: 'Nummer',
  issued: 'Rechnungsdatum',
  due: 'Fällig am',
  sent: 'Mahndatum',
  period: 'Leistungszeitraum',
  corrects: 'Berichtigt Rechnung',
  description: 'Bezeichnung',
  quantity: 'Menge',
  unitPrice: 'Einzelpreis',
  amount: 'Betrag',
  deployment: 'Installation',
  subtotal: 'Zwischensumme',
  total: 'Gesamtbetrag',
  creditApplied: 'Verrechnetes Guthaben',
  paid: 'Bezahlt',
  amountDue: 'Zu zahlen',
  credited: 'Ihnen gutgeschrieben',
  deducted: 'Von der Rechnung abgezogen',
  toBalance: 'Ihrem Guthaben gutgeschrieben',
  reason: 'Grund',
  howToPay: 'Zahlung',
  payBy: (date, number) => `Bitte zahlen Sie bis zum ${date} und geben Sie ${number} als Verwendungszweck an.`,
  payNow: (date, number) => `Fällig war der Betrag am ${date}. Bitte zahlen Sie umgehend und geben Sie ${number} an.`,
  nothingToPay: 'Es ist nichts zu zahlen.',
  creditKept: 'Der Betrag wird Ihrem Konto gutgeschrieben und mit der nächsten Rechnung verrechnet.',
  reminded: (level, number, date) =>
    `${level}. Mahnung: Unsere Rechnung ${number} war am ${date} fällig und ist noch offen.`,
  reverseCharge: 'Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge).',
  provisional:
    'Ein Teil der Nutzung dieses Zeitraums lag noch nicht vor; ein Unterschied steht auf einer späteren Rechnung.',
  page: (page, of) => `Seite ${page} von ${of}`,
  date: (year, monthNumber, day) => `${day}. ${month(monthNumber)} ${year}`,
  month: (year, monthNumber) => `${month(monthNumber)} ${year}`,
};
