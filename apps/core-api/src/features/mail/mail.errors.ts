import { declareErrors } from '@biplane/kernel';

export const MailErrors = declareErrors('MAIL', {
  NOT_FOUND: { status: 404, title: 'There is no such mail', help: 'GET /mails lists those of the last 90 days.' },
  NOT_DEAD: {
    status: 422,
    title: 'Only a mail that was given up is sent anew',
    help: 'One that waits is tried by itself; one that was sent is not kept.',
  },
});
