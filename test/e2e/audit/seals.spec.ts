import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { AuditSealer } from '../../../src/audit/audit-sealer.task.js';
import { type AuditFinding, AuditVerifier } from '../../../src/audit/audit-verifier.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const DAY_MS = 86_400_000;

interface Row {
  readonly id: string;
}

describe('R304: the sealed audit trail', () => {
  let app: TestApp;
  let view: OwnerView;
  let tenant: TestTenant;
  let rows: Row[];

  beforeAll(async () => {
    app = await TestApp.start({ env: { ...RAISED_LIMITS, AUTHSOME_AUDIT_RETENTION: '90d' } });
    view = await OwnerView.open(app.database);
  });
  beforeEach(async () => {
    tenant = await app.createTenant();
    for (let person = 0; person < 3; person += 1) await app.api.signUp(tenant);
    await seal();
    rows = await view.query<Row>('SELECT id FROM audit_entries WHERE app_id = $1 ORDER BY tx_id, id', [
      tenant.scope.appId,
    ]);
    expect(rows.length).toBeGreaterThan(10);
  });
  afterAll(async () => {
    await view.close();
    await app.close();
  });

  const verify = async (head?: { number: number; mac: string }): Promise<AuditFinding | undefined> =>
    (await app.get(AuditVerifier).verify(tenant.scope.appId, head)).finding;
  const unsealed = async (): Promise<number> => {
    const sql = `SELECT count(*)::integer AS n FROM audit_entries e, audit_sealer s
      WHERE (e.tx_id, e.id) > (s.tx_id, s.entry_id)`;
    return (await view.query<{ n: number }>(sql))[0]?.n ?? 0;
  };
  /** Other transactions of the cluster may hold entries back for a moment. */
  const seal = async (): Promise<void> => {
    do await app.get(AuditSealer).run();
    while ((await unsealed()) > 0);
  };
  const idAt = (index: number): string => rows.at(index)?.id ?? '';

  it('is whole as it was written', async () => {
    const verdict = await app.get(AuditVerifier).verify(tenant.scope.appId);
    expect(verdict).toMatchObject({ entries: rows.length, pruned: 0, finding: undefined });
  });

  it.each([
    "action = 'x'",
    "outcome = 'failure'",
    "actor_id = 'ausr_x'",
    "target_id = 'x'",
    "occurred_at = occurred_at + interval '1 ms'",
    `metadata = metadata || '{"a":1}'`,
    `personal = '{"ip_address":"203.0.113.9"}'`,
  ])('names the entry whose %s was set behind the service’s back', async (change) => {
    await view.query(`UPDATE audit_entries SET ${change} WHERE id = $1`, [idAt(4)]);
    expect(await verify()).toEqual({ kind: 'altered', what: idAt(4) });
  });

  it('names the first entry that is missing', async () => {
    await view.query('DELETE FROM audit_entries WHERE id = ANY ($1)', [[idAt(3), idAt(7)]]);
    expect(await verify()).toEqual({ kind: 'missing', what: idAt(3) });
  });

  it('names an entry that was put in later', async () => {
    await view.query(
      `INSERT INTO audit_entries (id, occurred_at, app_id, action, outcome, actor_kind, metadata, personal, tx_id)
       SELECT 'aaud_0000000000000000000000000x', occurred_at, app_id, action, outcome, actor_kind, '{}', '{}', tx_id
       FROM audit_entries WHERE id = $1`,
      [idAt(2)],
    );
    expect(await verify()).toEqual({ kind: 'inserted', what: 'aaud_0000000000000000000000000x' });
  });

  it.each([
    `UPDATE audit_seals SET entry_ids = (SELECT array_agg(id ORDER BY n DESC) FROM unnest(entry_ids) WITH ORDINALITY AS e(id, n)) WHERE app_id = $1 AND number = 1`,
    'UPDATE audit_seals SET sealed_at = now() WHERE app_id = $1 AND number = 1',
    'DELETE FROM audit_seals WHERE app_id = $1 AND number = 1',
    'UPDATE audit_seals SET number = 9 WHERE app_id = $1 AND number = 2',
  ])('notices that a seal was changed, left out or moved: %s', async (tampering) => {
    await app.api.signUp(tenant);
    await seal();
    await view.query(tampering, [tenant.scope.appId]);
    expect((await verify())?.kind).toBe('broken_chain');
  });

  it('whose end was cut off does not hold the head that was noted before', async () => {
    const head = (await app.get(AuditVerifier).heads()).find(({ appId }) => appId === tenant.scope.appId);
    expect(await verify(head)).toBeUndefined();
    await view.query('DELETE FROM audit_entries WHERE app_id = $1', [tenant.scope.appId]);
    await view.query('DELETE FROM audit_seals WHERE app_id = $1', [tenant.scope.appId]);
    expect(await verify(head)).toMatchObject({ kind: 'truncated' });
  });

  it('R296: stays whole when a person is erased', async () => {
    const person = await app.api.signUp(tenant);
    await seal();
    await app.api.delete('/v1/me', { token: person.token });
    await app.drain();
    await seal();
    const left = await view.query('SELECT 1 FROM audit_entries WHERE actor_id = $1 AND personal <> $2', [
      person.userId,
      '{}',
    ]);
    expect(left).toEqual([]);
    expect(await verify()).toBeUndefined();
  });

  it('believes no end of retention that the service has not signed', async () => {
    await view.query(`INSERT INTO audit_prunings (pruned_before, pruned_at, key_id, mac)
      SELECT '2099-01-01', now(), key_id, '\\x00' FROM audit_seals LIMIT 1`);
    await view.query('DELETE FROM audit_entries WHERE id = $1', [idAt(1)]);
    expect(await verify()).toEqual({ kind: 'missing', what: idAt(1) });
    await view.query("DELETE FROM audit_prunings WHERE pruned_before > '2090-01-01'");
  });

  it('makes one chain however many seal at once', async () => {
    for (let person = 0; person < 5; person += 1) await app.api.signUp(tenant);
    await Promise.all(Array.from({ length: 5 }, () => app.get(AuditSealer).run()));
    await seal();
    expect(await verify()).toBeUndefined();
  });

  it('waits for transactions that are still open, and leaves none of their entries out', async () => {
    const slow = new Client({ connectionString: app.database.ownerUrl });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(
        `INSERT INTO audit_entries (id, occurred_at, app_id, action, outcome, actor_kind, metadata, personal)
         SELECT 'aaud_0000000000000000000000000y', occurred_at, app_id, 'slow', outcome, actor_kind, '{}', '{}'
         FROM audit_entries WHERE id = $1`,
        [idAt(0)],
      );
      await app.api.signUp(tenant);
      await app.get(AuditSealer).run();
      expect(await unsealed()).toBeGreaterThan(0);
      await slow.query('COMMIT');
    } finally {
      await slow.end();
    }
    await seal();
    const sealed = await view.query('SELECT 1 FROM audit_seals WHERE $1 = ANY (entry_ids)', [
      'aaud_0000000000000000000000000y',
    ]);
    expect(sealed).toHaveLength(1);
    expect(await verify()).toBeUndefined();
  });

  it('cannot be unsealed by the service’s own role', async () => {
    const client = new Client({ connectionString: app.database.runtimeUrl });
    await client.connect();
    try {
      for (const statement of [
        'UPDATE audit_seals SET number = 9',
        'DELETE FROM audit_seals',
        'DELETE FROM audit_prunings',
      ]) {
        const refused = client.query(statement).then(
          () => 'done',
          ({ code }: { code: string }) => code,
        );
        expect([statement, await refused]).toEqual([statement, '42501']);
      }
    } finally {
      await client.end();
    }
  });

  it('stays whole when retention ends, and only what retention has ended may be missing', async () => {
    app.clock.advance(200 * DAY_MS);
    await app.drain();
    expect(await view.query('SELECT 1 FROM audit_entries WHERE id = $1', [idAt(0)])).toEqual([]);
    await app.api.signUp(tenant);
    await seal();
    const verdict = await app.get(AuditVerifier).verify(tenant.scope.appId);
    expect(verdict).toMatchObject({ finding: undefined, pruned: rows.length });
    const [young] = await view.query<Row>('SELECT id FROM audit_entries WHERE app_id = $1 ORDER BY tx_id, id LIMIT 1', [
      tenant.scope.appId,
    ]);
    await view.query('DELETE FROM audit_entries WHERE id = $1', [young?.id]);
    expect(await verify()).toEqual({ kind: 'missing', what: young?.id });
  });
});
