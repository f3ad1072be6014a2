import { declareErrors } from '@biplane/kernel';

export const LicenseIssueErrors = declareErrors('LICENSING', {
  NO_SIGNING_KEY: {
    status: 422,
    title: 'No key signs yet',
    help: 'Run the key ceremony and import its pair with POST /licenses/keys; the first one signs at once.',
  },
  KEY_INVALID: {
    status: 422,
    title: 'The key cannot be imported',
    help: 'Send the pair and the statements exactly as the ceremony wrote them.',
  },
  KEY_TAKEN: { status: 409, title: 'The key is imported already', help: 'A kid belongs to one key for ever.' },
  NOT_FOUND: { status: 404, title: 'There is no license', help: 'Licenses are read by the id of their deployment.' },
  REVOKED: {
    status: 422,
    title: 'The license is revoked',
    help: 'A revoked deployment stays so; create a new one.',
  },
});
