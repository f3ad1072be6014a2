import { declareErrors } from '@biplane/kernel';

export const MemberErrors = declareErrors('MEMBER', {
  UNKNOWN: { status: 404, title: 'There is no such member', help: 'List members with GET /api/v1/members.' },
  EMAIL_TAKEN: { status: 409, title: 'A member has this address', help: 'Use the member that `memberId` names.' },
  LAST_ADMIN: {
    status: 422,
    title: 'This is the last active admin',
    help: 'Make another member an admin first: a tenant without one could not be run.',
  },
  STATE_FORBIDS: {
    status: 422,
    title: 'The state of the member forbids this',
    help: '`state` is its present one. What is erased stays erased.',
  },
});
