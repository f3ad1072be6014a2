import ipaddr from 'ipaddr.js';

const NETWORK_PARTS = 4;
/** Some proxies write the port of the client too: each connection would be at an address of its own. */
const BRACKETED = /^\[([^\]]*)\](?::[0-9]+)?$/;
const WITH_PORT = /^([0-9.]+):[0-9]+$/;
/** Of everything that is no address: a proxy may write `unknown`. */
const NOWHERE = 'unknown';

/** Where a request comes from, as one spelling of one address. */
export function addressOf(address: string): string {
  const plain = (BRACKETED.exec(address) ?? WITH_PORT.exec(address))?.[1] ?? address;
  const unzoned = plain.replace(/%.*$/, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(unzoned)) return unzoned;
  return ipaddr.IPv6.isValid(unzoned) ? ipaddr.process(unzoned).toString() : NOWHERE;
}

/** An IPv4 address, or the network of 64 bits that whoever has an IPv6 address has all of: what to count tries of one place by. */
export function networkOf(address: string): string {
  const plain = addressOf(address);
  if (!ipaddr.IPv6.isValid(plain)) return plain;
  const parts = ipaddr.IPv6.parse(plain)
    .parts.slice(0, NETWORK_PARTS)
    .map((part) => part.toString(16));
  return `${parts.join(':')}::/64`;
}
