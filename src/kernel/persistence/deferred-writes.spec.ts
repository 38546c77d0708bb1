import { describe, expect, it } from '@jest/globals';
import { type DeferredTable, DeferredWrites } from './deferred-writes.js';

const AUDIT: DeferredTable = { name: 'audit_entries', columns: { id: 'text', metadata: 'jsonb' } };
const JOBS: DeferredTable = { name: 'jobs', columns: { id: 'text', run_at: 'timestamptz' } };

describe('DeferredWrites', () => {
  it('writes nothing when there is nothing to write', () => {
    expect(new DeferredWrites().take()).toBeUndefined();
  });

  it('writes the rows of all tables in one statement, values as parameters', () => {
    const writes = new DeferredWrites();
    writes.add(JOBS, { id: 'ajob_1', run_at: '2030-01-01T00:00:00Z' });
    writes.add(AUDIT, { id: 'aaud_1', metadata: { note: `'); DROP TABLE users; --` } });
    writes.add(AUDIT, { id: 'aaud_2', metadata: {} });
    const taken = writes.take();
    expect(taken?.text.match(/INSERT INTO (\w+)/g)).toEqual(['INSERT INTO audit_entries', 'INSERT INTO jobs']);
    expect(taken?.text).not.toContain('DROP');
    expect(taken?.values.slice(0, 2).map((value) => JSON.parse(String(value)) as unknown)).toEqual([
      [
        { id: 'aaud_1', metadata: { note: `'); DROP TABLE users; --` } },
        { id: 'aaud_2', metadata: {} },
      ],
      [{ id: 'ajob_1', run_at: '2030-01-01T00:00:00Z' }],
    ]);
  });

  it('one combination of tables is one prepared statement, in whatever order its rows came', () => {
    const statementOf = (...tables: DeferredTable[]) => {
      const writes = new DeferredWrites();
      for (const table of tables) writes.add(table, { id: 'x' });
      const { name, text } = writes.take() ?? {};
      return { name, text };
    };
    expect(statementOf(AUDIT, JOBS)).toEqual(statementOf(JOBS, AUDIT, JOBS));
    expect(statementOf(AUDIT).name).not.toBe(statementOf(AUDIT, JOBS).name);
  });

  it('what was taken is not written again', () => {
    const writes = new DeferredWrites();
    writes.add(AUDIT, { id: 'aaud_1' });
    writes.notify('user:1');
    writes.announce('jobs:added');
    writes.take();
    expect(writes.take()).toBeUndefined();
    expect(writes.told).toEqual({ notifications: [], announcements: [], whispers: [] });
    expect(writes.isEmpty).toBe(true);
  });

  it('a notification travels once', () => {
    const writes = new DeferredWrites();
    for (const payload of ['user:1', 'user:2', 'user:1']) writes.notify(payload);
    expect(writes.told.notifications).toEqual(['user:1', 'user:2']);
    expect(writes.take()?.values).toEqual([['user:1', 'user:2']]);
  });

  it('going back to a mark forgets what came after it, and nothing else', () => {
    const writes = new DeferredWrites();
    writes.add(AUDIT, { id: 'kept' });
    writes.notify('kept');
    writes.announce('kept');
    writes.whisper('kept');
    const mark = writes.mark();
    writes.add(AUDIT, { id: 'undone' });
    writes.add(JOBS, { id: 'undone' });
    writes.delete(JOBS, { id: 'undone' });
    writes.notify('undone');
    writes.announce('undone');
    writes.whisper('undone');
    writes.rollBackTo(mark);
    expect(writes.told).toEqual({ notifications: ['kept'], announcements: ['kept'], whispers: ['kept'] });
    const taken = writes.take();
    expect(JSON.stringify(taken)).not.toContain('undone');
    expect(taken?.text).not.toContain('jobs');
    expect(JSON.parse(String(taken?.values[0]))).toEqual([{ id: 'kept' }]);
  });

  it('notifications leave with the commit, announcements and whispers do not', () => {
    const writes = new DeferredWrites();
    writes.announce('jobs:added');
    writes.whisper('events:recorded');
    expect(writes.take()).toBeUndefined();
    writes.add(AUDIT, { id: 'aaud_1' });
    writes.notify('session:1');
    expect(writes.take()).toMatchObject({
      text: expect.stringContaining('pg_notify'),
      values: [expect.anything(), ['session:1']],
    });
  });

  it('a single statement with its consequences refuses a notification: it would be told even if nothing changed', () => {
    const writes = new DeferredWrites();
    writes.notify('session:1');
    expect(() => writes.after({ name: 'x', text: 'UPDATE x' }, [])).toThrow('inside a transaction');
  });
});
