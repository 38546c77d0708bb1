import { isIP, isIPv4 } from 'node:net';
import { OutboundRefused } from './outbound-errors.js';
import { isPublicAddress } from './public-address.js';

/** Names that resolve inside a machine or a network only (RFC 6761, RFC 6762, RFC 8375; `.internal` holds metadata services). */
const INNER_NAME = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Decides which addresses this service may call on somebody's behalf. */
export class OutboundPolicy {
  readonly #allowed: ReadonlySet<string>;

  /** @param allow exact `host:port` pairs that are exempt from the rules on hosts and on plain http. */
  constructor(allow: readonly string[]) {
    this.#allowed = new Set(allow.map(readPair));
  }

  /**
   * Everything that can be told without a name server, so that a URL can be refused when it is stored. The addresses a name resolves to
   * are judged when a connection is made.
   * @throws OutboundRefused
   */
  check(address: string | URL): URL {
    const url = parse(address);
    const port = portOf(url);
    if (url.username !== '' || url.password !== '') throw new OutboundRefused('the URL holds credentials');
    if (this.allows(url.hostname, port)) return url;
    if (url.protocol !== 'https:') throw new OutboundRefused('the URL does not start with https://');
    if (typeof address === 'string') refuseOddSpelling(address, url);
    this.requireOuterHost(url.hostname, port);
    return url;
  }

  /** Whether exactly this pair is exempt. */
  allows(hostname: string, port: number): boolean {
    return this.#allowed.has(pair(hostname, port));
  }

  /** @throws OutboundRefused for an inner address and for a name that is inner whatever it resolves to. */
  requireOuterHost(hostname: string, port: number): void {
    const host = bare(hostname);
    const inner =
      isIP(host) === 0 ? host.endsWith('.') || !host.includes('.') || INNER_NAME.test(host) : !isPublicAddress(host);
    if (inner)
      throw new OutboundRefused(`${pair(hostname, port)} is an inner address and not in AUTHSOME_OUTBOUND_ALLOW`);
  }
}

function parse(address: string | URL): URL {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : address;
  if (!(url instanceof URL) || !(url.protocol in DEFAULT_PORTS))
    throw new OutboundRefused('the address is not an http or https URL');
  return url;
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (DEFAULT_PORTS[protocol] ?? 0) : Number(port);
}

/** `2130706433`, `0x7f.1`, `017700000001` and `127.0.0.1.` are all 127.0.0.1. Whoever writes an address so is hiding it. */
function refuseOddSpelling(written: string, { hostname }: URL): void {
  if (!isIPv4(hostname)) return;
  const host = /^\s*https?:\/\/(?:[^/?#@]*@)?([^/?#:]*)/i.exec(written)?.[1];
  if (host !== hostname) throw new OutboundRefused('the address is not written as four decimal numbers');
}

/** Canonical by the URL parser, the same one that reads the addresses to be compared: lower case, one spelling per address. */
function readPair(entry: string): string {
  const colon = entry.lastIndexOf(':');
  const url = `http://${entry.slice(0, colon)}`;
  const port = Number(entry.slice(colon + 1));
  if (!URL.canParse(url) || !(port > 0))
    throw new Error(`AUTHSOME_OUTBOUND_ALLOW holds ${entry}, which is not a host:port pair`);
  return pair(new URL(url).hostname, port);
}

function pair(hostname: string, port: number): string {
  const host = bare(hostname);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
