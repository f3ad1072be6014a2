import { nth, type Words } from './words.js';

const ofMonth = nth(
  'Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου',
);
const month = nth(
  'Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος',
);

export const el: Words = {
  invoice: 'Τιμολόγιο',
  creditNote: 'Πιστωτικό τιμολόγιο',
  reminder: (level) => `Υπενθύμιση ${level}`,
  billTo: 'Προς',
  taxId: 'ΑΦΜ',
  number: 'Αριθμός',
  issued: 'Ημερομηνία έκδοσης',
  due: 'Ημερομηνία λήξης',
  sent: 'Ημερομηνία υπενθύμισης',
  period: 'Περίοδος',
  corrects: 'Διορθώνει το τιμολόγιο',
  description: 'Περιγραφή',
  quantity: 'Ποσότητα',
  unitPrice: 'Τιμή μονάδας',
  amount: 'Ποσό',
  deployment: 'Εγκατάσταση',
  subtotal: 'Μερικό σύνολο',
  total: 'Σύνολο',
  creditApplied: 'Πίστωση που χρησιμοποιήθηκε',
  paid: 'Πληρωμένο',
  amountDue: 'Πληρωτέο ποσό',
  credited: 'Πιστωμένο ποσό',
  deducted: 'Αφαιρείται από το τιμολόγιο',
  toBalance: 'Προστίθεται στο υπόλοιπό σας',
  reason: 'Αιτία',
  howToPay: 'Τρόπος πληρωμής',
  payBy: (date, number) => `Παρακαλούμε πληρώστε έως ${date}, αναφέροντας τον αριθμό ${number}.`,
  payNow: (date, number) => `Η προθεσμία έληξε στις ${date}. Παρακαλούμε πληρώστε άμεσα, αναφέροντας ${number}.`,
  nothingToPay: 'Δεν υπάρχει πληρωτέο ποσό.',
  creditKept: 'Το ποσό πιστώνεται στον λογαριασμό σας και συμψηφίζεται με το επόμενο τιμολόγιο.',
  reminded: (level, number, date) => `Υπενθύμιση ${level}: το τιμολόγιο ${number} έληξε στις ${date} και εκκρεμεί.`,
  reverseCharge: 'Αντίστροφη επιβάρυνση: υπόχρεος του φόρου είναι ο λήπτης.',
  provisional: 'Μέρος της χρήσης της περιόδου δεν είχε ληφθεί· η διαφορά θα εμφανιστεί σε επόμενο τιμολόγιο.',
  page: (page, of) => `Σελίδα ${page} από ${of}`,
  date: (year, monthNumber, day) => `${day} ${ofMonth(monthNumber)} ${year}`,
  month: (year, monthNumber) => `${month(monthNumber)} ${year}`,
};
