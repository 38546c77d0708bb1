import { describe, expect, it } from '@jest/globals';
import { loadConfig, withValues } from '../config/load-config.js';
import { Links } from './links.js';

const linksUnder = (publicUrl: string, pathPrefix = ''): Links =>
  new Links(withValues(loadConfig({}), { http: { publicUrl: new URL(publicUrl), pathPrefix } }));

describe('Links', () => {
  it('R113: lead to the pages under the configured public URL and prefix', () => {
    expect(linksUnder('https://id.example.com').resetPassword('t')).toBe(
      'https://id.example.com/pages/reset-password#token=t',
    );
    expect(linksUnder('https://id.example.com:8443/', '/auth').changeEmail('t')).toBe(
      'https://id.example.com:8443/auth/pages/change-email#token=t',
    );
    expect(linksUnder('https://example.com/accounts/').undoEmailChange('t')).toBe(
      'https://example.com/accounts/pages/undo-email-change#token=t',
    );
  });

  it('R117: carry the secret in the fragment alone, which is sent to no server', () => {
    const links = linksUnder('https://id.example.com');
    for (const link of [
      links.verifyEmail('secret', 'ada@example.com'),
      links.resetPassword('secret'),
      links.changeEmail('secret'),
      links.undoEmailChange('secret'),
    ]) {
      const { hash, pathname, search } = new URL(link);
      expect(new URLSearchParams(hash.slice(1)).get('token')).toBe('secret');
      expect(pathname + search).not.toContain('secret');
    }
  });

  it('keep an address whole whatever it holds', () => {
    const { hash } = new URL(linksUnder('https://id.example.com').verifyEmail('t', 'a+b&token=x#@example.com'));
    const fragment = new URLSearchParams(hash.slice(1));
    expect(fragment.getAll('token')).toEqual(['t']);
    expect(fragment.get('email')).toBe('a+b&token=x#@example.com');
  });

  it('cannot be made before the public URL is known', () => {
    expect(() => new Links(loadConfig({}))).toThrow('public URL');
  });
});
