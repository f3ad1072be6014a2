import ipaddr from 'ipaddr.js';
import { list, optional, type Variable } from './variables.js';

const entries = list({
  help:
    'Proxies in front of this service, as addresses and networks: X-Forwarded-For is believed from them alone, ' +
    'and a client is at the right-most address that is none of them',
  example: '10.0.0.0/8,2001:db8::/32',
});

/** Of every service that clients reach by HTTP. */
export const trustedProxies: Variable<readonly string[] | undefined> = optional({
  ...entries,
  parse: (raw) => {
    const parsed = entries.parse(raw);
    if ('mistake' in parsed) return parsed;
    const refused = parsed.value.findIndex((entry) => !isAddressOrNetwork(entry));
    if (refused < 0) return parsed;
    return {
      mistake: `must be addresses like 192.0.2.7 and networks like 10.0.0.0/8: entry ${refused + 1} is neither`,
    };
  },
});

// Not /0: whoever trusts everybody believes whatever a client says about where it is.
function isAddressOrNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const isIPv4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (rest.length > 0 || !(isIPv4 || ipaddr.IPv6.isValid(address))) return false;
  return bits === undefined || (/^[1-9][0-9]{0,2}$/.test(bits) && Number(bits) <= (isIPv4 ? 32 : 128));
}
