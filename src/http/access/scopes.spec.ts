import { describe, expect, it } from '@jest/globals';
import { anyCovers, covers } from './scopes.js';

describe('scopes', () => {
  it.each([
    ['read', 'read:users', true],
    ['read', 'read:users:email', true],
    ['read:users', 'read:users', true],
    ['read:users', 'read:usersettings', false],
    ['read:users:email', 'read:users', false],
    ['*', 'write:x', true],
    ['read:*', 'read:users', true],
    ['read:*', 'write:x', false],
    ['read:*', 'reader:x', false],
    ['read', 'reader:x', false],
  ])('K19, R216: whether %s covers %s: %s', (grant, required, expected) => {
    expect(covers(grant, required)).toBe(expected);
  });

  it('K21: no grant covers nothing', () => {
    expect(anyCovers([], 'read')).toBe(false);
  });
});
