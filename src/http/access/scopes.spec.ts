import { describe, expect, it } from '@jest/globals';
import { anyCovers, common, covers } from './scopes.js';

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
  ])('K19, R214: whether %s covers %s: %s', (grant, required, expected) => {
    expect(covers(grant, required)).toBe(expected);
  });

  it('K21: no grant covers nothing', () => {
    expect(anyCovers([], 'read')).toBe(false);
  });

  it.each([
    [['*'], ['read:users'], ['read:users']],
    [['read'], ['read:users', 'write'], ['read:users']],
    [['write:users'], ['read:users'], []],
    [['read:users'], ['read:users'], ['read:users']],
    [[], ['*'], []],
  ])('%j and %j have %j in common', (left, right, expected) => {
    expect(common(left, right)).toEqual(expected);
    expect(common(right, left)).toEqual(expected);
  });
});
