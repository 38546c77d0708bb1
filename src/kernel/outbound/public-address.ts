import ipaddr from 'ipaddr.js';

/** The only block of IPv6 that is routed on the internet; NAT64, mapped, compatible and local forms all lie outside it (RFC 4291). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Serves metadata and DNS to virtual machines of Azure: an inner service at a public number. */
const AZURE_HOST = ipaddr.IPv4.parse('168.63.129.16');

/**
 * Whether an address leads to the open internet. False for loopback, private, link-local, carrier-grade NAT, unique-local, multicast,
 * unspecified, documentation and benchmarking addresses, and for every form that tunnels to an IPv4 address (6to4, Teredo, NAT64,
 * ISATAP, mapped): the far end of a tunnel is not looked at (R222). False for text that is no address.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6
    ? parsed.match(GLOBAL_UNICAST) && !isIsatap(parsed)
    : !parsed.match(AZURE_HOST as ipaddr.IPv4, 32);
}

/** Interface identifiers `0000:5efe` and `0200:5efe` are followed by an IPv4 address (RFC 5214 §6.1). */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
}
