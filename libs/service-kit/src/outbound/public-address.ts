import ipaddr from 'ipaddr.js';

/** Addresses that look public and lead to the machine's own cloud: Azure's wire server. */
const CLOUD_INTERNAL = new Set(['168.63.129.16']);
/** All that is routed publicly in IPv6; what ipaddr.js does not know by name lies outside. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address (as a resolver gives it) is one of the open internet. Refused: private, loopback, link-local with the clouds'
 * metadata, carrier NAT, multicast, documentation, reserved, and every form of IPv6 that carries an IPv4 address inside.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_UNICAST) : !CLOUD_INTERNAL.has(parsed.toString());
}
