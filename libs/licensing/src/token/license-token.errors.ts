import { declareErrors, type Failure } from '@biplane/kernel';

const HELP_BAD = 'Do not use this document. Read the license topic, or fetch the present license from core-api.';
const HELP_WAIT = 'Keep the document aside and try it again each second; the license held until then stays in force.';
const HELP_KEY = 'Import a key pair made by the ceremony tool with the root that this service is configured with.';
const refused = (title: string, help: string = HELP_BAD) => ({ status: 422, title, help });

/** One code per step of the verification, in the order of the steps: a refusal names the first step that was not passed. */
export const LicenseTokenErrors = declareErrors('LICENSE_TOKEN', {
  TOO_LARGE: refused('The license is larger than 16 KB'),
  MALFORMED: refused('The license is not a compact JWS'),
  ENCODING: refused('A part of the license is not canonical base64url'),
  HEADER_UNREADABLE: refused('The header of the license cannot be read'),
  ALGORITHM: refused('The license is not signed with ES256'),
  TYPE: refused('The document is not of type license+jwt'),
  KID_MALFORMED: refused('The key id of the license is malformed'),
  HEADER_MEMBERS: refused('The header of the license has a member that is not allowed'),
  KEY_UNKNOWN: refused('No trusted key has the key id of the license', HELP_WAIT),
  KEY_REVOKED: refused('The key of the license is revoked'),
  KEY_NOT_YET_VALID: refused('The key of the license is not valid yet', HELP_WAIT),
  KEY_EXPIRED: refused('The key of the license is no longer valid'),
  SIGNATURE: refused('The signature of the license does not match'),
  PAYLOAD_UNREADABLE: refused('The claims of the license cannot be read'),
  ISSUER: refused('The license has another issuer'),
  AUDIENCE: refused('The license is for another deployment'),
  SCHEMA: refused('A claim of the license is missing or malformed'),
  VERSION_LOWER: refused('A newer version of the license has been seen'),
  VERSION_REUSED: refused('The version of the license has been seen with other content'),
  ISSUED_IN_FUTURE: refused('The license was issued in the future', HELP_WAIT),
  EXPIRED: refused('The license has expired'),
});

export const KeyStatementErrors = declareErrors('KEY_STATEMENT', {
  TOO_LARGE: refused('The key statement is larger than 4 KB', HELP_KEY),
  MALFORMED: refused('The key statement is not a compact JWS', HELP_KEY),
  HEADER: refused('The header of the key statement is not the one that the root signs', HELP_KEY),
  SIGNATURE: refused('The key statement is not signed by this root', HELP_KEY),
  SCHEMA: refused('A member of the key statement is missing or malformed', HELP_KEY),
  KEY_INVALID: refused('The key is not an ES256 key', HELP_KEY),
});

const WAITING: ReadonlySet<string> = new Set([
  'LICENSE_TOKEN.ISSUED_IN_FUTURE',
  'LICENSE_TOKEN.KEY_NOT_YET_VALID',
  'LICENSE_TOKEN.KEY_UNKNOWN',
]);

/**
 * Whether time, or a key statement that is still on its way on the other topic, can make this refusal go away. Such a record is kept
 * aside and tried again; every other refusal is final for that record.
 */
export function mayBecomeValid(failure: Failure): boolean {
  return WAITING.has(failure.code);
}
