import { nth, type Words } from './words.js';

const month = nth('janvier février mars avril mai juin juillet août septembre octobre novembre décembre');

export const fr: Words = {
  invoice: 'Facture',
  creditNote: 'Avoir',
  reminder: (level) => `Rappel ${level}`,
  billTo: 'Facturé à',
  taxId: 'N° de TVA',
  number: 'Numéro',
  issued: 'Date de facture',
  due: 'Échéance',
  sent: 'Date du rappel',
  period: 'Période',
  corrects: 'Rectifie la facture',
  description: 'Désignation',
  quantity: 'Quantité',
  unitPrice: 'Prix unitaire',
  amount: 'Montant',
  deployment: 'Déploiement',
  subtotal: 'Sous-total',
  total: 'Total',
  creditApplied: 'Crédit imputé',
  paid: 'Payé',
  amountDue: 'Montant à payer',
  credited: 'Montant crédité',
  deducted: 'Déduit de la facture',
  toBalance: 'Porté à votre crédit',
  reason: 'Motif',
  howToPay: 'Paiement',
  payBy: (date, number) => `Merci de régler avant le ${date} en indiquant la référence ${number}.`,
  payNow: (date, number) => `L’échéance était le ${date}. Merci de régler sans délai en indiquant ${number}.`,
  nothingToPay: 'Aucun montant à payer.',
  creditKept: 'Le montant est porté au crédit de votre compte et imputé sur votre prochaine facture.',
  reminded: (level, number, date) =>
    `Rappel ${level} : notre facture ${number}, échue le ${date}, reste impayée à ce jour.`,
  reverseCharge: 'Autoliquidation : la taxe est due par le preneur.',
  provisional:
    'Une partie de l’utilisation de cette période n’était pas encore connue ; tout écart figurera sur une facture ultérieure.',
  page: (page, of) => `Page ${page} sur ${of}`,
  date: (year, monthNumber, day) => `${day === '1' ? '1er' : day} ${month(monthNumber)} ${year}`,
  month: (year, monthNumber) => `${month(monthNumber)} ${year}`,
};
