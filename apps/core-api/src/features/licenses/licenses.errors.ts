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
  SIGNER_UNAVAILABLE: {
    status: 503,
    title: 'The holder of the signing key does not answer',
    help: 'Nothing was changed. Try again; see SIGNING_KEYS_FOLDER, KMS_URL and KMS_TOKEN_FILE.',
  },
  KEY_NOT_FOUND: { status: 404, title: 'There is no such key', help: 'GET /licenses/keys lists those imported.' },
  KEY_UNFIT: {
    status: 422,
    title: 'The key cannot become the signing key',
    help: 'Choose an imported key that is not revoked, not the signing key, and inside its notBefore and notAfter.',
  },
  KEY_ONLY: {
    status: 422,
    title: 'No other key could sign',
    help: 'Import its successor first; `force` revokes it all the same, and nothing is signed until one is imported.',
  },
  KEY_NOT_HELD: {
    status: 422,
    title: 'Live homes do not hold the next key',
    help: 'Wait until they confirm it (`homes`); `force` does not wait, and they have no license until they read it.',
  },
  KEY_NO_STATEMENT: {
    status: 422,
    title: 'There is no revoked statement of the root',
    help: 'Send `revoked` as the ceremony wrote it.',
  },
  ROTATION_OPEN: {
    status: 409,
    title: 'The signing key is being changed already',
    help: 'GET /licenses/keys/rotations shows how far it is.',
  },
  ROTATION_NOT_FOUND: { status: 404, title: 'There is no such rotation', help: 'GET /licenses/keys/rotations.' },
  NOT_FOUND: { status: 404, title: 'There is no license', help: 'Licenses are read by the id of their deployment.' },
  REVOKED: {
    status: 422,
    title: 'The license is revoked',
    help: 'A revoked deployment stays so; create a new one.',
  },
});
