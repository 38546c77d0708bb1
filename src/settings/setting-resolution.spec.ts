import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../config/load-config.js';
import { defineSetting, type SettingScope } from './setting-definition.js';
import { resolveSetting, type SettingLevel } from './setting-resolution.js';
import { integer } from './setting-types.js';

const COLOURS = defineSetting({
  key: 'spec.colours',
  displayName: 'Colours',
  description: 'How many colours.',
  type: integer(1, 100),
  scopes: ['global', 'app', 'environment', 'organization', 'user'],
  default: ({ environmentType }) => (environmentType === 'production' ? 1 : 7),
});
const context = { config: loadConfig({}), environmentType: undefined };
const level = (scope: SettingScope, value: unknown, enforced = false, key = COLOURS.key): SettingLevel => ({
  key,
  scope,
  value,
  enforced,
});

describe('the value that holds', () => {
  it('is the default where nothing is set, which may depend on the environment', () => {
    expect(resolveSetting(COLOURS, [], context)).toEqual({ value: 7, source: 'default' });
    expect(resolveSetting(COLOURS, [], { ...context, environmentType: 'production' }).value).toBe(1);
  });

  it('is the most specific one, in whatever order the levels are read', () => {
    const levels = [level('user', 5), level('global', 2), level('environment', 4), level('app', 3)];
    expect(resolveSetting(COLOURS, levels, context)).toEqual({ value: 5, source: 'user' });
    expect(resolveSetting(COLOURS, levels.slice(1), context)).toEqual({ value: 4, source: 'environment' });
  });

  it('is the most general enforced one, whatever is set below it', () => {
    const levels = [level('global', 2), level('app', 3, true), level('environment', 4, true), level('user', 5)];
    expect(resolveSetting(COLOURS, levels, context)).toEqual({ value: 3, source: 'app', enforcedAt: 'app' });
  });

  it('R041: is never one that the definition does not accept: what is more general holds', () => {
    for (const broken of [0, 101, '5', null, true, [], {}, 1.5]) {
      const levels = [level('app', 3), level('environment', broken, true)];
      expect(resolveSetting(COLOURS, levels, context)).toEqual({ value: 3, source: 'app' });
    }
  });

  it('does not depend on values of other settings', () => {
    expect(resolveSetting(COLOURS, [level('app', 3, true, 'spec.other')], context).value).toBe(7);
  });
});
