import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { OutboundRefused } from './outbound-errors.js';
import type { OutboundPolicy } from './outbound-policy.js';
import { isPublicAddress } from './public-address.js';

/** `dns.lookup` in the form that answers with every address. */
export type LookupAll = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Makes the connections of the outbound client. The socket is given the very addresses that were checked, so a name cannot resolve to a
 * public address for the check and to an inner one for the connection (DNS rebinding, R223). Address literals are checked here too:
 * for those neither undici nor Node asks a lookup function.
 */
export function guardedConnector(
  policy: OutboundPolicy,
  timeoutMs: number,
  lookup: LookupAll = systemLookup,
): buildConnector.connector {
  const open = buildConnector({ timeout: timeoutMs, lookup: answeringBoth(lookup) });
  const guarded = buildConnector({ timeout: timeoutMs, lookup: answeringBoth(publicOnly(lookup)) });
  return (options, callback) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    if (policy.allows(options.hostname, port)) return open(options, callback);
    try {
      policy.requireOuterHost(options.hostname, port);
    } catch (error) {
      return callback(error as Error, null);
    }
    return guarded(options, callback);
  };
}

/** One inner address among several public ones is enough to refuse: the socket might end up there. */
function publicOnly(lookup: LookupAll): LookupAll {
  return (hostname, options, callback) =>
    lookup(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, []);
      if (addresses.every(({ address }) => isPublicAddress(address))) return callback(null, addresses);
      callback(new OutboundRefused(`${hostname} resolves to an inner address`), []);
    });
}

/** Sockets ask for one address or for all of them, depending on the family selection in force. */
function answeringBoth(lookup: LookupAll): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses;
      if (error !== null || first === undefined) {
        return callback(error ?? new OutboundRefused(`${hostname} has no address`), '', 0);
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
}
