import { describe, expect, it } from '@jest/globals';
import { FEATURES, METERS } from '../feature-keys.js';
import { fromOpenMeter, toOpenMeter } from './openmeter-keys.js';

describe('feature keys at OpenMeter', () => {
  it.each([
    ['authsome.feature.mfa', 'authsome_feature_mfa'],
    ['authsome.feature.custom_domains', 'authsome_feature_custom_0_domains'],
    ['a.0.b', 'a_00_b'],
    ['a_00.0', 'a_0_000_00'],
  ])('%s is %s, and back', (key, name) => {
    expect(toOpenMeter(key)).toBe(name);
    expect(fromOpenMeter(name)).toBe(key);
  });

  it('fit the names that OpenMeter takes, and no two become one', () => {
    const keys = [...FEATURES, ...METERS, 'a.b', 'a_b', 'a.0.b', 'a_0.b', 'a.0_b', '0', '00', 'a.0', 'a_0'];
    const names = keys.map((key) => toOpenMeter(key));
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(?:_[a-z0-9]+)*$/);
    expect(new Set(names).size).toBe(keys.length);
    expect(names.map((name) => fromOpenMeter(name ?? ''))).toEqual(keys);
  });

  it('are refused where they would be too long', () => {
    expect(toOpenMeter('a_'.repeat(31) + 'a')).toBeUndefined();
  });
});
