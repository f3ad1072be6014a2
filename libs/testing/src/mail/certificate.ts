import { createSign, generateKeyPairSync } from 'node:crypto';

/** A certificate for a host name that it signed itself, made anew for each suite: DER by hand, since Node makes keys but no certificates. */
export function selfSignedCertificate(host: string): { key: string; cert: string } {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const commonName = sequence(Buffer.from('0603550403', 'hex'), tagged(0x0c, Buffer.from(host)));
  const name = sequence(tagged(0x31, commonName));
  const time = (text: string) => tagged(0x18, Buffer.from(text));
  const hostNames = sequence(tagged(0x82, Buffer.from(host)));
  const altNames = sequence(Buffer.from('0603551d11', 'hex'), tagged(0x04, hostNames));
  const authority = sequence(Buffer.from('0603551d13', 'hex'), tagged(0x04, sequence(Buffer.from('0101ff', 'hex'))));
  const body = sequence(
    tagged(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('02020101', 'hex'),
    ecdsaWithSha256,
    name,
    sequence(time('20200101000000Z'), time('20900101000000Z')),
    name,
    pair.publicKey,
    tagged(0xa3, sequence(authority, altNames)),
  );
  const signature = createSign('sha256').update(body).sign(pair.privateKey);
  const certificate = sequence(body, ecdsaWithSha256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  const label = 'CERTIFICATE';
  return {
    key: pair.privateKey,
    cert: [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n'),
  };
}

const sequence = (...parts: Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));

function tagged(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}
