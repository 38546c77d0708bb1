import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../kernel/clock/fake-clock.js';
import { scopeTo } from '../kernel/context/scope.js';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import { type Id, TypeIdGenerator } from '../kernel/ids/id.js';
import { jobPlace, Jobs } from '../kernel/jobs/jobs.js';
import type { Database } from '../kernel/persistence/database.js';
import { DeliveryFailed, Mailer } from './mailer.js';
import type { Message } from './message.js';
import { MessageSender } from './message-sender.js';
import { Messages, type NewMessage } from './messages.js';

const ids = new TypeIdGenerator();
const box = new SealedBox(new KeyRing([['k1', Buffer.alloc(32, 7)]]));
const scope = scopeTo.env(ids.next('app'), ids.next('environment'));
const userId = ids.next('user');

const draft: NewMessage = {
  to: 'marker-to@example.com',
  purpose: 'reset_password',
  subject: 'marker-subject',
  text: 'marker-text',
  html: 'marker-html',
  link: 'https://id.example.com/#token=marker-link',
  code: 'marker-code',
  userId,
};

interface Row {
  readonly id: Id<'job'>;
  readonly kind: string;
  readonly payload: Record<string, unknown>;
  readonly sealed: string;
  readonly subject_id: string | null;
}

/** Stands in for an open transaction: records the rows that would be written with it. */
function enqueued(message: NewMessage): Row {
  const rows: Row[] = [];
  const database = { defer: (_: unknown, row: Row) => rows.push(row), announce: () => undefined };
  const jobs = new Jobs(database as unknown as Database, box, ids, new FakeClock(new Date('2026-01-01T00:00:00Z')));
  new Messages(jobs, ids).send(scope, message);
  expect(rows).toHaveLength(1);
  return rows[0] as Row;
}

function open({ id, sealed }: Row): Message {
  return JSON.parse(box.open(Buffer.from(sealed.slice(2), 'hex'), jobPlace(id)).toString()) as Message;
}

class StubMailer extends Mailer {
  override readonly name = 'stub';
  readonly sent: Message[] = [];

  constructor(private readonly failure?: Error) {
    super();
  }

  override async send(message: Message): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.sent.push(message);
  }
}

const job = (sealed: unknown) => ({ payload: {}, sealed, attempt: 1 });

describe('Messages', () => {
  it('R307: nothing of the message lies in the database in clear', () => {
    const row = enqueued(draft);
    const sealed = Buffer.from(row.sealed.slice(2), 'hex');
    for (const written of [JSON.stringify(row), sealed.toString('latin1'), sealed.toString('base64')]) {
      expect(written).not.toContain('marker');
      expect(written).not.toContain(Buffer.from('marker').toString('base64'));
    }
    expect(row.payload).toEqual({ message_id: expect.stringMatching(/^amsg_/), purpose: 'reset_password' });
  });

  it('the message that was asked for reaches the mailer, with its tenant and an id', async () => {
    const mailer = new StubMailer();
    await new MessageSender(mailer).run(job(open(enqueued(draft))));
    expect(mailer.sent).toEqual([
      { ...draft, id: expect.stringMatching(/^amsg_/), appId: scope.appId, envId: scope.envId },
    ]);
  });

  it('the tenant is the scope’s, whatever else the caller’s object holds', () => {
    const foreign = { ...draft, appId: ids.next('app'), envId: ids.next('environment') };
    expect(open(enqueued(foreign))).toMatchObject({ appId: scope.appId, envId: scope.envId });
  });

  it('the job names the person it is about, so that erasing the person erases it', () => {
    expect(enqueued(draft).subject_id).toBe(userId);
    expect(enqueued({ ...draft, userId: undefined }).subject_id).toBeNull();
  });
});

describe('MessageSender', () => {
  it('a delivery that failed fails the job, so that it is tried again', async () => {
    const failure = new DeliveryFailed('the mail server is away');
    await expect(new MessageSender(new StubMailer(failure)).run(job(draft))).rejects.toBe(failure);
  });

  it('R301: an adapter’s raw error does not carry the message into the job’s reason', async () => {
    const failure = new TypeError('550 <marker-to@example.com> unknown', { cause: draft });
    const thrown: unknown = await new MessageSender(new StubMailer(failure))
      .run(job(draft))
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(DeliveryFailed);
    expect((thrown as Error).message).toBe('the stub mailer failed (TypeError)');
    expect((thrown as Error).cause).toBeUndefined();
  });
});
