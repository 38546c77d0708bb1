import { describe, expect, it } from '@jest/globals';
import '../organizations/organizations.events.js';
import '../users/users.events.js';
import { eventsNamedBy, isKnownPattern, matches } from './event-patterns.js';

describe('patterns of events', () => {
  it.each([
    ['*', 'user.created', true],
    ['user.created', 'user.created', true],
    ['user.created', 'user.created.twice', false],
    ['user.*', 'user.created', true],
    ['user.*', 'users.imported', false],
    ['user.*', 'admin.user.banned', false],
    ['org.member.*', 'org.member.added', true],
    ['org.member.*', 'org.created', false],
  ])('R233: %s names %s: %s', (pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it.each(['*', 'user.*', 'org.member.*', 'user.created'])('R233: %s names something', (pattern) => {
    expect(isKnownPattern(pattern)).toBe(true);
    expect(eventsNamedBy([pattern])).not.toEqual([]);
  });

  it.each(['', '**', 'user', 'user*', 'user.', '.*', 'nobody.*', 'user.creatd', '*.created'])(
    'R233: "%s" names nothing',
    (pattern) => {
      expect(isKnownPattern(pattern)).toBe(false);
    },
  );
});
