import { describe, expect, it } from '@jest/globals';
import type { CountedFact } from './stats.rules.js';
import { rollUp, startOf } from './stats.rules.js';

const fact = (name: string, more: Partial<CountedFact> = {}): CountedFact => ({
  name,
  appId: 'aapp_a' as CountedFact['appId'],
  envId: 'aenv_a' as CountedFact['envId'],
  subjectId: 'ausr_a',
  payload: {},
  occurredAt: new Date('2026-11-26T23:59:59.999Z'),
  ...more,
});

describe('periods', () => {
  it.each([
    ['2026-11-26', '2026-11-26', '2026-11-23', '2026-11-01'],
    ['2026-11-23', '2026-11-23', '2026-11-23', '2026-11-01'],
    ['2026-11-22', '2026-11-22', '2026-11-16', '2026-11-01'],
    ['2027-01-01', '2027-01-01', '2026-12-28', '2027-01-01'],
    ['2028-02-29', '2028-02-29', '2028-02-28', '2028-02-01'],
  ])('%s belongs to the day %s, the week of %s and the month of %s', (at, day, week, month) => {
    for (const time of ['00:00:00.000', '23:59:59.999']) {
      const moment = new Date(`${at}T${time}Z`);
      expect([startOf('day', moment), startOf('week', moment), startOf('month', moment)]).toEqual([day, week, month]);
    }
  });
});

describe('a batch of facts', () => {
  it('is added up per environment, counter and day', () => {
    const { increments, totals } = rollUp([
      fact('user.created'),
      fact('auth.signup'),
      fact('auth.signup', { occurredAt: new Date('2026-11-27T00:00:00Z') }),
      fact('user.created', { envId: 'aenv_b' as CountedFact['envId'] }),
      fact('auth.signup', { envId: 'aenv_b' as CountedFact['envId'] }),
      fact('user.created'),
      fact('user.deleted'),
      fact('user.restored'),
      fact('user.deleted'),
      fact('user.account_deleted'),
      fact('auth.signin'),
      fact('auth.signin'),
    ]);
    expect(increments.map(({ env_id, metric, day, value }) => `${env_id} ${metric} ${day} ${value}`)).toEqual([
      'aenv_a sign_ups 2026-11-26 1',
      'aenv_a sign_ups 2026-11-27 1',
      'aenv_b sign_ups 2026-11-26 1',
      'aenv_a users_deleted 2026-11-26 2',
      'aenv_a sign_ins 2026-11-26 2',
    ]);
    expect(totals.map(({ env_id, users }) => `${env_id} ${users}`)).toEqual(['aenv_a 1', 'aenv_b 1']);
  });

  it('names each person once per period, however often they came', () => {
    const { activities } = rollUp([fact('session.created'), fact('session.created'), fact('session.created')]);
    expect(activities.map(({ period, starts_on }) => `${period} ${starts_on}`)).toEqual([
      'day 2026-11-26',
      'week 2026-11-23',
      'month 2026-11-01',
    ]);
  });

  it('counts nothing of what belongs to no environment, or is no fact that counts', () => {
    expect(rollUp([fact('user.created', { envId: null }), fact('device.deleted')])).toEqual({
      increments: [],
      activities: [],
      totals: [],
    });
  });
});
