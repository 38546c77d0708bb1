import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson } from '../kernel/crypto/canonical-json.js';
import { changesOf, planIdOf } from './promotion.rules.js';

const items = (entries: Record<string, object>) => new Map(Object.entries(entries)) as Map<string, { value: number }>;

describe('a plan between two environments', () => {
  it('creates what the target lacks, changes what differs and leaves what is equal', () => {
    const source = items({ a: { value: 1 }, b: { value: 2 }, c: { value: 3 } });
    const target = items({ b: { value: 9 }, c: { value: 3 } });
    expect(changesOf('setting', source, target, false)).toEqual([
      { kind: 'setting', key: 'a', action: 'create', after: { value: 1 } },
      { kind: 'setting', key: 'b', action: 'update', before: { value: 9 }, after: { value: 2 } },
    ]);
  });

  it('deletes what the target has alone only when it is told to prune, last written first', () => {
    const target = items({ parent: { value: 1 }, child: { value: 2 } });
    expect(changesOf('role', items({}), target, false)).toEqual([]);
    expect(changesOf('role', items({}), target, true).map(({ key, action }) => `${action} ${key}`)).toEqual([
      'delete child',
      'delete parent',
    ]);
  });

  it('does not depend on the order of members', () => {
    const source = new Map([['a', { x: 1, y: { z: [1, 2], w: null } }]]);
    const target = new Map([['a', { y: { w: null, z: [1, 2] }, x: 1 }]]);
    expect(changesOf('form', source, target, true)).toEqual([]);
  });

  it('applied to the target it leaves nothing to plan', () => {
    const state = fc.dictionary(fc.string({ maxLength: 3 }), fc.record({ value: fc.integer({ max: 3, min: 0 }) }));
    fc.assert(
      fc.property(state, state, (from, to) => {
        const target = new Map(Object.entries(to));
        for (const { key, action, after } of changesOf('setting', new Map(Object.entries(from)), target, true)) {
          if (action === 'delete') target.delete(key);
          else target.set(key, after as { value: number });
        }
        expect(changesOf('setting', new Map(Object.entries(from)), target, true)).toEqual([]);
      }),
    );
  });
});

describe('the name of a plan', () => {
  const change = { kind: 'setting', key: 'a', action: 'create', after: { value: 1 } } as const;

  it('is the same for the same plan, and another one for anything else', () => {
    const id = planIdOf(['e1', 'e2'], [change]);
    expect(planIdOf(['e1', 'e2'], [{ ...change, after: { value: 1 } }])).toBe(id);
    expect(planIdOf(['e2', 'e1'], [change])).not.toBe(id);
    expect(planIdOf(['e1', 'e2'], [{ ...change, after: { value: 2 } }])).not.toBe(id);
    expect(planIdOf(['e1', 'e2'], [])).not.toBe(id);
  });
});

describe('canonical JSON', () => {
  it('reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) =>
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    );
  });
});
