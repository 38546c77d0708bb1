import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { addressBucket, ClientAddresses } from './client-address.js';

const request = (peer: string | undefined, headers: Record<string, string> = {}): IncomingMessage =>
  ({ socket: { remoteAddress: peer }, headers }) as unknown as IncomingMessage;

const anything = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('unknown', '10.0.0.1', '::1', '[::1]:80'));
const PROXY = '10.0.0.1';

describe('the client’s address', () => {
  it('R162: is the peer’s, whatever headers say, when no proxy is trusted', () => {
    const addresses = new ClientAddresses([]);
    fc.assert(
      fc.property(fc.ipV4(), anything, (peer, claim) => {
        const headers = { 'x-forwarded-for': claim, 'x-real-ip': claim, forwarded: `for=${claim}` };
        expect(addresses.of(request(peer, headers))).toBe(peer);
      }),
    );
  });

  it('R162: is the peer’s when the peer is not one of the trusted proxies', () => {
    const addresses = new ClientAddresses([PROXY, '192.168.0.0/16']);
    expect(addresses.of(request('10.0.0.2', { 'x-forwarded-for': '198.51.100.1' }))).toBe('10.0.0.2');
    expect(addresses.of(request('192.169.0.1', { 'x-forwarded-for': '198.51.100.1' }))).toBe('192.169.0.1');
  });

  it('R163: is what the trusted proxy saw; nothing the client wrote to the left of it counts', () => {
    const addresses = new ClientAddresses([PROXY]);
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 5 }), (claims) => {
        const header = [...claims, '198.51.100.7'].join(', ');
        expect(addresses.of(request(PROXY, { 'x-forwarded-for': header }))).toBe('198.51.100.7');
      }),
    );
  });

  it('R163: skips every trusted hop from the right, and stops at the first that is not', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8:1::/48']);
    const header = '203.0.113.9, 198.51.100.7, 2001:db8:1::5, 10.9.9.9';
    expect(addresses.of(request('10.0.0.1', { 'x-forwarded-for': header }))).toBe('198.51.100.7');
  });

  it('stays with the last hop that can be read: what follows may be anybody’s', () => {
    const addresses = new ClientAddresses([PROXY]);
    for (const header of ['', 'unknown', '198.51.100.7, _hidden', '198.51.100.7, ']) {
      expect(addresses.of(request(PROXY, { 'x-forwarded-for': header }))).toBe(PROXY);
    }
    expect(addresses.of(request(PROXY))).toBe(PROXY);
  });

  it('reads hops with ports and brackets', () => {
    const addresses = new ClientAddresses([PROXY]);
    expect(addresses.of(request(PROXY, { 'x-forwarded-for': '198.51.100.7:4711' }))).toBe('198.51.100.7');
    expect(addresses.of(request(PROXY, { 'x-forwarded-for': '[2001:db8::1]:4711' }))).toBe('2001:db8::1');
  });

  it('trusts a proxy however a dual-stack socket spells it', () => {
    const addresses = new ClientAddresses([PROXY]);
    expect(addresses.of(request(`::ffff:${PROXY}`, { 'x-forwarded-for': '198.51.100.7' }))).toBe('198.51.100.7');
  });

  it('is undefined where there is none', () => {
    expect(new ClientAddresses([]).of(request(undefined))).toBeUndefined();
    expect(new ClientAddresses([PROXY]).of(request(undefined))).toBeUndefined();
  });
});

describe('the bucket of an address', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
  const written = (all: number[]): string => all.map((group) => group.toString(16)).join(':');
  const isMapped = (prefix: number[]): boolean => prefix.every((group) => group === 0);

  it('R164: is one for all of a /64, however the address is spelled', () => {
    fc.assert(
      fc.property(
        groups.filter((prefix) => !isMapped(prefix)),
        groups,
        groups,
        (prefix, one, other) => {
          const address = ipaddr.parse(written([...prefix, ...one])) as ipaddr.IPv6;
          const bucket = addressBucket(written([...prefix, ...other]));
          expect(bucket).toMatch(/\/64$/);
          for (const spelling of [address.toString(), address.toNormalizedString(), address.toString().toUpperCase()]) {
            expect(addressBucket(spelling)).toBe(bucket);
          }
        },
      ),
    );
  });

  it('is another one for another /64', () => {
    fc.assert(
      fc.property(groups, groups, groups, (prefix, other, rest) => {
        fc.pre(written(prefix) !== written(other) && !isMapped(prefix) && !isMapped(other));
        expect(addressBucket(written([...prefix, ...rest]))).not.toBe(addressBucket(written([...other, ...rest])));
      }),
    );
  });

  it('is the address itself for IPv4, also when it is mapped into IPv6', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(addressBucket(address)).toBe(address);
        expect(addressBucket(`::ffff:${address}`)).toBe(address);
      }),
    );
  });

  it('is defined for whatever else is called an address', () => {
    for (const text of ['unknown', '', ':', 'not:an:address', 'fe80::1%eth0']) {
      expect(typeof addressBucket(text)).toBe('string');
    }
  });
});
