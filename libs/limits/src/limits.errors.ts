import { declareErrors } from '@biplane/kernel';

/** What a queue answers to a request that it cannot store. */
export const QueueErrors = declareErrors('LIMIT', {
  TOO_LARGE: {
    status: 422,
    title: 'The request is larger than the limit',
    help: 'No window has room for it. Split it, or raise the limit.',
  },
  QUEUE_FULL: {
    status: 429,
    title: 'Too many requests wait for this limit',
    help: 'Wait until some of them are admitted or cancelled, or raise the limit.',
  },
});

export const ReservationErrors = declareErrors('RESERVATION', {
  NOT_FOUND: { status: 404, title: 'There is no such reservation', help: 'Check the id: it stands in the decision.' },
  EXPIRED: {
    status: 410,
    title: 'The reservation has expired',
    help: 'What it held is free again. Ask for a new decision before the work is done.',
  },
  RELEASED: {
    status: 409,
    title: 'The reservation was released',
    help: 'What it held is free again. Ask for a new decision before the work is done.',
  },
  CONFIRMED: {
    status: 409,
    title: 'The reservation was confirmed',
    help: 'What was confirmed is usage. Correct it by usage, not by releasing it.',
  },
});

export const TicketErrors = declareErrors('TICKET', {
  NOT_FOUND: { status: 404, title: 'There is no such ticket', help: 'Check the id: it stands in the decision.' },
  NOT_WAITING: {
    status: 409,
    title: 'The ticket no longer waits',
    help: 'An admitted one is released by its reservation.',
  },
});
