import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import type { EnvScope } from '../../../src/kernel/context/scope.js';
import { AuditSealsSystemRepository } from '../../../src/audit/audit-seals.system-repository.js';
import { KernelRig } from './kernel-rig.js';

const DAY_MS = 86_400_000;
const FOR_EVER = new Date('1970-01-01T00:00:00Z');

/** The rig's clock stands in January 2030: years after the partitions that the migration made. */
describe('the partitions of the audit trail', () => {
  let rig: KernelRig;
  let scope: EnvScope;
  let retention: AuditSealsSystemRepository;

  beforeEach(async () => {
    rig = await KernelRig.start();
    scope = await rig.tenant();
    retention = new AuditSealsSystemRepository(rig.database);
  });
  afterEach(() => rig.stop());

  const record = (action: string): Promise<void> =>
    rig.database.transaction(() => Promise.resolve(rig.audit.record(scope, { action, actor: SYSTEM_ACTOR })));
  const entries = async (): Promise<Record<string, string>> => {
    const rows = await rig.asOwner<{ action: string; place: string }>(
      'SELECT action, tableoid::regclass::text AS place FROM audit_entries ORDER BY action',
    );
    return Object.fromEntries(rows.map(({ action, place }) => [action, place]));
  };

  it('an entry has a place before its month has one, and moves there when the month is made', async () => {
    await record('early');
    expect(await entries()).toEqual({ early: 'audit_entries_default' });
    await retention.anyTenantKeepPartitions(rig.clock.now(), FOR_EVER);
    await record('later');
    expect(await entries()).toEqual({ early: 'audit_entries_2030_01', later: 'audit_entries_2030_01' });
  });

  it('this month and the next two are there, and making them again changes nothing', async () => {
    for (let times = 0; times < 2; times += 1) await retention.anyTenantKeepPartitions(rig.clock.now(), FOR_EVER);
    const months = await rig.asOwner<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_entries'::regclass AND inhrelid::regclass::text ~ '2030' ORDER BY 1`,
    );
    expect(months.map(({ name }) => name)).toEqual([
      'audit_entries_2030_01',
      'audit_entries_2030_02',
      'audit_entries_2030_03',
    ]);
    for (const day of ['2030-01-31T23:59:59.999Z', '2030-02-01T00:00:00.000Z', '2030-03-31T23:59:59.999Z']) {
      rig.clock.advance(new Date(day).getTime() - rig.clock.nowMs());
      await record(day);
    }
    expect(Object.values(await entries())).toEqual([
      'audit_entries_2030_01',
      'audit_entries_2030_02',
      'audit_entries_2030_03',
    ]);
  });

  it('a month goes when its last entry is older than the retention, not a day earlier', async () => {
    await retention.anyTenantKeepPartitions(rig.clock.now(), FOR_EVER);
    await record('january');
    await retention.anyTenantKeepPartitions(rig.clock.now(), new Date('2030-01-31T23:59:59Z'));
    expect(await entries()).toEqual({ january: 'audit_entries_2030_01' });
    await retention.anyTenantKeepPartitions(rig.clock.now(), new Date('2030-02-01T00:00:00Z'));
    expect(await entries()).toEqual({});
  });

  it('what waits in no month goes by its own age', async () => {
    await record('old');
    rig.clock.advance(100 * DAY_MS);
    await record('young');
    await retention.anyTenantKeepPartitions(new Date('2031-01-01T00:00:00Z'), rig.clock.in(-50 * DAY_MS));
    expect(await entries()).toEqual({ young: 'audit_entries_default' });
  });

  it('R304: a month made by the service is as closed to it as the others', async () => {
    await retention.anyTenantKeepPartitions(rig.clock.now(), FOR_EVER);
    await record('closed');
    for (const sql of [
      'UPDATE audit_entries_2030_01 SET outcome = outcome',
      'DELETE FROM audit_entries_2030_01',
      'SELECT FROM audit_entries_2030_01',
    ]) {
      await expect(rig.database.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });
});
