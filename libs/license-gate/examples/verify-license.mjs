// Verifies a license of Biplane offline, with nothing but Node.
//
//   node verify-license.mjs root.pub.json statement.jwt license.jwt <deploymentId>
//
// root.pub.json is the public half of the trust root, {kid, publicJwk}; the two others hold one compact JWS each. Prints the license's
// claims and ends with 0 when it may be acted on now, else says why not and ends with 1. A program that runs on also remembers the
// highest `version` of each deployment: a lower one is never taken again.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const SKEW_MS = 60_000;

function refuse(why) {
  console.error(`refused: ${why}`);
  process.exit(1);
}

/** The three parts; each part must be spelled in the one canonical way. */
function split(compact, bytesMax, what) {
  if (Buffer.byteLength(compact) > bytesMax) refuse(`the ${what} is too large`);
  const parts = compact.split('.');
  const isCanonical = (part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
  if (parts.length !== 3 || !parts.every(isCanonical)) refuse(`the ${what} is no compact JWS`);
  return parts;
}

function parse(part, what) {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return refuse(`the ${what} is not JSON`);
  }
}

/** Exactly `alg`, `typ` and `kid`: whatever else a header may carry would choose a key or a rule. */
function checkHeader(part, typ, what) {
  const header = parse(part, what);
  const isExact = Buffer.from(JSON.stringify(header)).toString('base64url') === part;
  const names = Object.keys(header ?? {})
    .sort()
    .join();
  if (!isExact || names !== 'alg,kid,typ' || header.alg !== 'ES256' || header.typ !== typ)
    refuse(`the header of the ${what}`);
  return header.kid;
}

function checkSignature([header, payload, signature], publicJwk, what) {
  const key = createPublicKey({ key: publicJwk, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  // ES256 of a JWS is r and s, 32 bytes each; OpenSSL's own form is another one.
  const isGood =
    bytes.length === 64 &&
    verify('sha256', Buffer.from(`${header}.${payload}`), { key, dsaEncoding: 'ieee-p1363' }, bytes);
  if (!isGood) refuse(`the signature of the ${what}`);
}

/** RFC 7638: a statement names the root that signed it by the thumbprint of its key. */
function thumbprint({ crv, kty, x, y }) {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

const [rootFile, statementFile, licenseFile, deploymentId] = process.argv.slice(2);
if (!deploymentId)
  refuse('give root.pub.json, the key statement, the license and the id of the deployment that it is for');
const read = (file) => readFileSync(file, 'utf8').trim();
const root = JSON.parse(read(rootFile)).publicJwk;
const now = Date.now();

const statementParts = split(read(statementFile), 4 * 1024, 'key statement');
if (checkHeader(statementParts[0], 'key-statement+jwt', 'key statement') !== thumbprint(root)) refuse('another root');
checkSignature(statementParts, root, 'key statement');
const key = parse(statementParts[1], 'key statement');
if (key.state !== 'trusted') refuse(`the key ${key.kid} is ${key.state}`);
if (now + SKEW_MS < Date.parse(key.notBefore) || now >= Date.parse(key.notAfter))
  refuse(`the key ${key.kid} is not valid now`);

const licenseParts = split(read(licenseFile), 16 * 1024, 'license');
if (checkHeader(licenseParts[0], 'license+jwt', 'license') !== key.kid) refuse('the license is signed by another key');
checkSignature(licenseParts, key.jwk, 'license');
const license = parse(licenseParts[1], 'license');
if (license.iss !== 'biplane') refuse('another issuer');
if (license.aud !== `deployment:${deploymentId}`) refuse(`the license is not for deployment ${deploymentId}`);
if (license.iat * 1000 > now + SKEW_MS) refuse('the license is from the future');
if (now >= Math.min(license.exp * 1000, Date.parse(license.graceEndsAt))) refuse('the license has expired');
if (now < Date.parse(license.startsAt)) refuse(`the license is in force from ${license.startsAt}`);
if (license.status !== 'active') refuse(`the license is ${license.status}`);

console.log(JSON.stringify(license, null, 2));
