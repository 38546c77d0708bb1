import { describe, expect, it } from '@jest/globals';
import { OutboundRefused } from './outbound-errors.js';
import { OutboundPolicy } from './outbound-policy.js';

const policy = new OutboundPolicy(['127.0.0.1:8080', 'Receiver.Internal:9000', '[0:0::1]:7000', '10.0.0.9:443']);

describe('OutboundPolicy', () => {
  it.each([
    ['loopback', 'https://127.0.0.1/'],
    ['loopback of another number', 'https://127.8.7.6/'],
    ['private 10/8', 'https://10.1.2.3/'],
    ['private 172.16/12', 'https://172.31.255.255/'],
    ['private 192.168/16', 'https://192.168.0.1/'],
    ['link-local, where clouds keep their metadata', 'https://169.254.169.254/latest/meta-data/'],
    ['the Azure host', 'https://168.63.129.16/'],
    ['carrier-grade NAT', 'https://100.64.0.1/'],
    ['the Alibaba metadata service', 'https://100.100.100.200/'],
    ['this network', 'https://0.0.0.0/'],
    ['this network, another number', 'https://0.1.2.3/'],
    ['multicast', 'https://224.0.0.1/'],
    ['broadcast', 'https://255.255.255.255/'],
    ['reserved', 'https://240.0.0.1/'],
    ['documentation', 'https://192.0.2.1/'],
    ['documentation', 'https://198.51.100.1/'],
    ['documentation', 'https://203.0.113.1/'],
    ['benchmarking', 'https://198.18.0.1/'],
    ['protocol assignments', 'https://192.0.0.192/'],
    ['6to4 relay', 'https://192.88.99.1/'],
    ['IPv6 loopback', 'https://[::1]/'],
    ['IPv6 unspecified', 'https://[::]/'],
    ['IPv6 link-local', 'https://[fe80::1]/'],
    ['IPv6 site-local', 'https://[fec0::1]/'],
    ['IPv6 unique-local', 'https://[fd00:ec2::254]/'],
    ['IPv6 multicast', 'https://[ff02::1]/'],
    ['IPv6 documentation', 'https://[2001:db8::1]/'],
    ['IPv6 documentation', 'https://[3fff::1]/'],
    ['IPv6 benchmarking', 'https://[2001:2::1]/'],
    ['IPv6 discard', 'https://[100::1]/'],
    ['IPv4-mapped', 'https://[::ffff:127.0.0.1]/'],
    ['IPv4-mapped public', 'https://[::ffff:8.8.8.8]/'],
    ['IPv4-compatible', 'https://[::127.0.0.1]/'],
    ['IPv4-translated', 'https://[::ffff:0:127.0.0.1]/'],
    ['NAT64', 'https://[64:ff9b::7f00:1]/'],
    ['local NAT64', 'https://[64:ff9b:1::7f00:1]/'],
    ['6to4', 'https://[2002:7f00:1::1]/'],
    ['Teredo', 'https://[2001::1]/'],
    ['ISATAP', 'https://[2a00:1450:4001::5efe:7f00:1]/'],
    ['decimal', 'https://2130706433/'],
    ['hexadecimal', 'https://0x7f000001/'],
    ['hexadecimal parts', 'https://0x7f.0.0.0x1/'],
    ['octal', 'https://017700000001/'],
    ['octal parts', 'https://0177.0.0.1/'],
    ['short', 'https://127.1/'],
    ['percent-encoded', 'https://%31%32%37.0.0.1/'],
    ['full-width digits', 'https://１２７.０.０.１/'],
    ['decimal of a public address', 'https://134744072/'],
    ['hexadecimal of a public address', 'https://0x08080808/'],
    ['a public address with a trailing dot', 'https://8.8.8.8./'],
    ['localhost', 'https://localhost/'],
    ['localhost in capitals', 'https://LOCALHOST/'],
    ['a name below localhost', 'https://app.localhost/'],
    ['a trailing dot', 'https://localhost./'],
    ['a trailing dot', 'https://example.com./'],
    ['a name without a dot', 'https://metadata/'],
    ['a metadata name', 'https://metadata.google.internal/'],
    ['multicast DNS', 'https://printer.local/'],
    ['a home network', 'https://nas.home.arpa/'],
    ['credentials', 'https://user:secret@example.com/'],
    ['a user name', 'https://user@example.com/'],
    ['credentials for an allowed pair', 'http://user:secret@127.0.0.1:8080/'],
    ['another port than the allowed one', 'http://127.0.0.1:8081/'],
    ['a name for the allowed address', 'http://localhost:8080/'],
    ['an odd spelling', 'https:\\\\0x7f000001'],
  ])('R222: %s is refused: %s', (_, url) => {
    expect(() => policy.check(url)).toThrow(OutboundRefused);
  });

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:alert(1)',
    'example.com',
    '',
  ])('R225: only https leaves the house: %s', (url) => {
    expect(() => policy.check(url)).toThrow(OutboundRefused);
  });

  it.each([
    'https://example.com/hook?id=1',
    'https://example.com:8443/',
    'https://bücher.example/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://internal.example.com/',
    'https://mylocalhost.com/',
  ])('lets %s through', (url) => {
    expect(policy.check(url).href).toBe(new URL(url).href);
  });

  it.each([
    'http://127.0.0.1:8080/x',
    'http://0x7f000001:8080/',
    'http://receiver.internal:9000/',
    'https://RECEIVER.internal:9000/',
    'http://[::1]:7000/',
    'https://10.0.0.9/',
  ])('S3: the allow list is compared in canonical form: %s', (url) => {
    expect(policy.check(url).href).toBe(new URL(url).href);
  });

  it('R222: a URL object is judged like its text', () => {
    expect(() => policy.check(new URL('https://0x7f000001/'))).toThrow(OutboundRefused);
  });

  it('an allow list that cannot be read stops the start', () => {
    expect(() => new OutboundPolicy(['example.com'])).toThrow('AUTHSOME_OUTBOUND_ALLOW');
    expect(() => new OutboundPolicy(['999.1.1.1:80'])).toThrow('AUTHSOME_OUTBOUND_ALLOW');
  });

  it('R301: a refusal does not repeat the path or the query', () => {
    expect(() => policy.check('https://10.0.0.1/hook/marker-path?token=marker-query')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('marker') }),
    );
  });
});
