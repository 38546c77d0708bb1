import { describe, expect, it } from '@jest/globals';
import type { Id } from '../ids/id.js';
import { sameTenant, scopeTag, scopeTo, SYSTEM } from './scope.js';

const appId = 'aapp_1' as Id<'app'>;
const envId = 'aenv_1' as Id<'environment'>;

describe('scopes', () => {
  it('cannot be turned towards another tenant', () => {
    const scope = scopeTo.env(appId, envId);
    expect(() => Object.assign(scope, { envId: 'aenv_2' })).toThrow(TypeError);
    expect(scope).toEqual({ appId, envId });
  });

  it('are one tenant when app and environment are', () => {
    const scope = scopeTo.env(appId, envId);
    expect(sameTenant(scope, scopeTo.env(appId, envId))).toBe(true);
    expect(sameTenant(scope, scopeTo.env('aapp_2' as Id<'app'>, envId))).toBe(false);
    expect(sameTenant(scope, scopeTo.env(appId, 'aenv_2' as Id<'environment'>))).toBe(false);
  });

  it('are written for the row policies so that none covers another', () => {
    expect([scopeTag(scopeTo.env(appId, envId)), scopeTag(scopeTo.app(appId)), scopeTag(SYSTEM)]).toEqual([
      'aapp_1:aenv_1',
      'aapp_1:*',
      'system',
    ]);
  });
});
