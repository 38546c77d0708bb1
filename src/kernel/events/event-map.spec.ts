import { describe, expect, it } from '@jest/globals';
import { describeEvents, eventCatalogue, type EventName, isDescribed } from './event-map.js';

const describing = (name: string): Partial<Record<EventName, string>> =>
  ({ [name]: 'When it happens.' }) as Partial<Record<EventName, string>>;

describe('the catalogue of events', () => {
  it('holds what was described, sorted, once', () => {
    expect(isDescribed('spec.b')).toBe(false);
    describeEvents(describing('spec.b'));
    describeEvents(describing('spec.a'));
    expect(isDescribed('spec.b')).toBe(true);
    expect(eventCatalogue()).toEqual([
      { name: 'spec.a', when: 'When it happens.' },
      { name: 'spec.b', when: 'When it happens.' },
    ]);
    expect(() => describeEvents(describing('spec.a'))).toThrow('event spec.a is described twice');
  });
});
