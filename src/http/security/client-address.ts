import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/**
 * Finds the client's address. Forwarding headers count only when the peer is a trusted proxy, and then the right-most address that
 * is not itself a trusted proxy is the client (R036, R162, R163): everything to its left was written by the client.
 */
export class ClientAddresses {
  readonly #trusted: Range[];

  constructor(trustedProxies: readonly string[]) {
    this.#trusted = trustedProxies.map((entry) =>
      entry.includes('/')
        ? ipaddr.parseCIDR(entry)
        : [parse(entry) as Address, parse(entry)?.kind() === 'ipv6' ? 128 : 32],
    );
  }

  /** @returns the address in canonical form, or undefined for a peer that has none (a Unix socket, a closed connection). */
  of(request: IncomingMessage): string | undefined {
    const peer = request.socket.remoteAddress;
    if (peer === undefined) return undefined;
    if (this.#trusted.length === 0) return canonical(peer);
    let client = parse(peer);
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (client !== undefined && this.isTrusted(client)) {
      const hop = hops.pop();
      const next = hop === undefined ? undefined : parse(hop.trim());
      if (next === undefined) break;
      client = next;
    }
    return client?.toString();
  }

  private isTrusted(address: Address): boolean {
    return this.#trusted.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));
  }
}

/**
 * The bucket an address is limited in: an IPv4 address itself, an IPv6 address's /64, because one household or attacker owns all of it
 * (R164). Mapped and unusually spelled addresses fall into the bucket of their canonical form.
 */
export function addressBucket(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = parse(address);
  if (parsed === undefined || parsed.kind() === 'ipv4') return parsed?.toString() ?? address;
  const bytes = parsed.toByteArray();
  return `${ipaddr.fromByteArray([...bytes.slice(0, 8), ...new Array<number>(8).fill(0)]).toString()}/64`;
}

/** The common case costs a comparison: Node writes IPv4 peers of a dual-stack socket as `::ffff:192.0.2.1`. */
function canonical(peer: string): string {
  if (peer.startsWith('::ffff:') && peer.includes('.')) return peer.slice(7);
  return peer.includes(':') ? (parse(peer)?.toString() ?? peer) : peer;
}

function parse(text: string): Address | undefined {
  const bare = text.replace(/^\[|\](:\d+)?$/g, '').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}
