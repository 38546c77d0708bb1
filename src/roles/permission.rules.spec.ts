import { describe, expect, it } from '@jest/globals';
import { ACTION, covers, EffectivePermissions, type Grant, type HeldGrant, RESOURCE } from './permission.rules.js';

const held = (action: string, resource: string): HeldGrant => ({
  action,
  resource,
  permissionId: `aprm_${action}_${resource}`,
  role: { id: 'arol_1', slug: 'clerk' },
  held: { id: 'arol_1', slug: 'clerk' },
  path: ['clerk'],
  source: 'assignment',
});
const grant = (text: string): Grant => {
  const [action = '', resource = ''] = text.split(' ');
  return { action, resource };
};
const allows = (granted: readonly string[], asked: string): boolean => {
  const grants = granted.map(grant).map(({ action, resource }) => held(action, resource));
  const { action, resource } = grant(asked);
  return new EffectivePermissions([], grants).find(action, resource) !== undefined;
};

describe('what a permission permits', () => {
  it.each([
    ['read users', 'read users'],
    ['* users', 'delete users'],
    ['read *', 'read users'],
    ['read *', 'read users:42'],
    ['* *', 'anything at:all'],
    ['read users:*', 'read users:42'],
    ['read users:*', 'read users:42:mail'],
    ['read users:42:*', 'read users:42:mail'],
  ])('%s permits %s', (granted, asked) => {
    expect(allows([granted], asked)).toBe(true);
  });

  it.each([
    ['read users', 'read user'],
    ['read user', 'read users'],
    ['read users', 'Read users'],
    ['read users', 'read Users'],
    ['read users', 'read users:42'],
    ['read users', 'read,write users'],
    ['read users', 'read users,roles'],
    ['read users', '* users'],
    ['read users', 'read *'],
    ['read users:42', 'read users:*'],
    ['read users:*', 'read users'],
    ['read users:*', 'read users:'],
    ['read users:*', 'read users2:42'],
    ['read users:4', 'read users:42'],
    ['read users', 'read %75sers'],
  ])('R207: %s does not permit %s', (granted, asked) => {
    expect(allows([granted], asked)).toBe(false);
  });

  it('R207: nothing permits anything where there is no permission', () => {
    expect(allows([], 'read users')).toBe(false);
  });

  it('names the most specific permission that decides', () => {
    const grants = [held('*', '*'), held('read', '*'), held('read', 'users:*'), held('read', 'users:42')];
    const permissions = new EffectivePermissions([], grants);
    expect(permissions.find('read', 'users:42')?.permissionId).toBe('aprm_read_users:42');
    expect(permissions.find('read', 'users:43')?.permissionId).toBe('aprm_read_users:*');
    expect(permissions.find('read', 'roles')?.permissionId).toBe('aprm_read_*');
    expect(permissions.find('delete', 'roles')?.permissionId).toBe('aprm_*_*');
  });
});

describe('R203: what covers what', () => {
  it.each([
    ['* *', 'delete users', true],
    ['* *', '* *', true],
    ['read *', 'read users:*', true],
    ['read users:*', 'read users:42', true],
    ['read users:*', 'read users:42:*', true],
    ['read users:*', 'read users:*', true],
    ['read users', 'read users', true],
    ['read users:*', 'read *', false],
    ['read users:*', 'read users', false],
    ['read users:42', 'read users:*', false],
    ['read *', '* users', false],
    ['read users', 'read *', false],
  ])('%s covers %s: %s', (mine, theirs, expected) => {
    expect(covers(grant(mine), grant(theirs))).toBe(expected);
  });
});

describe('how permissions are written', () => {
  it.each(['*', 'read', 'read.all', 'read_all', '2fa'])('%j is an action', (action) => {
    expect(ACTION.test(action)).toBe(true);
  });
  it.each(['', 'Read', 'read,write', 're*', 'read write', '-read', 'a'.repeat(65)])('%j is no action', (action) => {
    expect(ACTION.test(action)).toBe(false);
  });
  it.each(['*', 'users', 'users:*', 'users:42', 'users:42:*', 'Users.v2'])('%j is a resource', (resource) => {
    expect(RESOURCE.test(resource)).toBe(true);
  });
  it.each(['', 'us*', '*:read', 'users:', 'users::42', 'users:*:mail', 'a b', 'a'.repeat(129)])(
    '%j is no resource',
    (resource) => {
      expect(RESOURCE.test(resource)).toBe(false);
    },
  );
});
