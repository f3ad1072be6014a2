import { declareErrors } from '@biplane/kernel';

export const PaperErrors = declareErrors('PAPER', {
  BUSY: {
    status: 503,
    title: 'Too many papers wait to be drawn',
    help: 'Ask again after the Retry-After: a process draws one paper after the other, and many were asked of it at once.',
  },
  NOT_DRAWN: {
    status: 503,
    title: 'The paper was not drawn',
    help: 'The detail says why. Ask again: nothing was kept of it. If it is the same paper each time, it is too large for a thread, in time or in memory; report it.',
  },
});
