import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, PASSWORD, uniqueEmail } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { OwnerView } from '../support/owner-view.js';
import type { Replica } from '../support/replica.js';
import { Replicas } from '../support/replicas.js';
import { tokensOf } from '../support/session-checks.js';

const POOL_SIZE = 10;
/** Longer than a claim of an idempotency key or a lease of a job lasts. */
const LAPSE_MS = 70_000;
const KILLED_AFTER = 100;
const CLIENTS = 16;
/** Far less than the time after which a stop is cut off, so that nothing passes by being cut off. */
const STOPS_WITHIN_MS = 10_000;

let replicas: Replicas;
let folder: string;
let offsetFile: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'authsome-replicas-'));
  offsetFile = path.join(folder, 'offset');
  replicas = await Replicas.start({
    AUTHSOME_CLOCK_OFFSET_FILE: offsetFile,
    AUTHSOME_DATABASE_POOL_SIZE: String(POOL_SIZE),
    // A request that a test holds up is to be held up, not given up.
    AUTHSOME_DATABASE_LOCK_TIMEOUT: '30s',
    AUTHSOME_DATABASE_STATEMENT_TIMEOUT: '30s',
    AUTHSOME_DATABASE_CONNECT_TIMEOUT: '30s',
    AUTHSOME_SHUTDOWN_DELAY: '1s',
  });
});
afterEach(() => expect(replicas.errors).toEqual([]));
afterAll(async () => {
  await replicas.stop();
  await rm(folder, { recursive: true });
});

interface SignUp {
  readonly email: string;
  readonly key: string;
}

const send = (replica: Replica, { email, key }: SignUp): Promise<Answer> =>
  replica.post('/v1/signup', {
    tenant: replicas.tenant,
    headers: { 'idempotency-key': key },
    body: { email, password: PASSWORD },
  });

const newSignUp = (): SignUp => ({ email: uniqueEmail(), key: randomUUID() });

describe('the first platform owner', () => {
  it('R286: of fifty parallel calls with the setup token one makes an owner, and then the token is spent', async () => {
    const both = [replicas.first, replicas.second];
    await eventually('both setup tokens', () => both.every(({ setupToken }) => setupToken !== undefined));
    const [stored] = await replicas.view.query<{ hash: Buffer }>('SELECT token_hash AS hash FROM setup_tokens');
    // Each start draws one, and the last one drawn is good.
    const drawn = both.map(({ setupToken }) => setupToken ?? '');
    const token = drawn.find((each) =>
      createHash('sha256')
        .update(each)
        .digest()
        .equals(stored?.hash ?? Buffer.of()),
    );
    const setUp = (replica: Replica, index: number, tried = token) =>
      replica.post('/v1/setup', { body: { token: tried, email: `owner-${index}@platform.test`, password: PASSWORD } });

    const [platform] = await replicas.view.query<{ id: string }>('SELECT id FROM apps WHERE is_platform');
    const stranger = { app_id: platform?.id, email: 'stranger@platform.test', password: PASSWORD };
    expect((await replicas.first.post('/v1/signup', { body: stranger })).status).toBe(403);
    expect((await setUp(replicas.first, 0, 'f'.repeat(64))).status).toBe(403);

    const answers = await replicas.race(50, (replica, index) => setUp(replica, index));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status, body } of answers) if (status !== 201) expect(body.type).toBe('setup_refused');
    for (const replica of both) expect((await setUp(replica, 99)).status).toBe(403);
    expect(await replicas.count('SELECT count(*) FROM operators WHERE every_app')).toBe(1);
    expect(await replicas.count('SELECT count(*) FROM users WHERE app_id = $1', [platform?.id])).toBe(1);
  });
});

describe('a replica that is restarted', () => {
  it('F10, R043: replays the answer of a key from before, and knows its sessions', async () => {
    const signUp = newSignUp();
    const before = await send(replicas.first, signUp);
    expect(before.status).toBe(201);
    const gone = await replicas.signUp();
    await replicas.first.post('/v1/signout', { token: gone.token });
    expect(await replicas.first.stop()).toBe(0);

    const restarted = await replicas.replaceFirst();
    for (const replica of [restarted, replicas.second]) {
      const again = await send(replica, signUp);
      expect(again.status).toBe(201);
      expect(again.text).toBe(before.text);
      expect(again.headers['idempotency-replayed']).toBe('true');
    }
    expect((await replicas.me(restarted, tokensOf(before).token)).body.email).toBe(signUp.email);
    expect((await replicas.me(restarted, gone.token)).status).toBe(401);
    expect(await replicas.count('SELECT count(*) FROM users WHERE email = $1', [signUp.email])).toBe(1);
  });
});

describe('a replica that is killed in a burst of sign-ups', () => {
  it('F01: loses nothing it acknowledged, leaves nothing half-made, and a retry with the same key ends in one account', async () => {
    const acknowledged: SignUp[] = [];
    const ambiguous: SignUp[] = [];
    const client = async (): Promise<void> => {
      while (ambiguous.length === 0) {
        const signUp = newSignUp();
        try {
          const { status, text } = await send(replicas.first, signUp);
          if (status !== 201) throw new Error(`sign-up answered ${status}: ${text}`);
          acknowledged.push(signUp);
        } catch (error) {
          if ((error as Error).message.startsWith('sign-up')) throw error;
          ambiguous.push(signUp);
        }
        if (acknowledged.length === KILLED_AFTER) replicas.first.signal('SIGKILL');
      }
    };
    await replicas.first.connect(CLIENTS);
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await replicas.first.kill();
    expect(acknowledged.length).toBeGreaterThanOrEqual(KILLED_AFTER);
    expect(ambiguous.length).toBeGreaterThan(0);

    for (const signUp of acknowledged) await replicas.signIn({ ...signUp, password: PASSWORD }, replicas.second);

    // A key whose worker died is free again when its claim has lapsed; until then a retry is told to wait.
    const early = await Promise.all(ambiguous.map((signUp) => send(replicas.second, signUp)));
    for (const { status } of early) expect([201, 409]).toContain(status);
    await writeFile(offsetFile, String(LAPSE_MS));
    for (const signUp of ambiguous) {
      let answer: Answer | undefined;
      await eventually('the end of the retry', async () => {
        answer = await send(replicas.second, signUp);
        return answer.status === 201;
      });
      // Not a decoy, which is what somebody gets who signs up with an address that has an account.
      expect((await replicas.me(replicas.second, tokensOf(answer as Answer).token)).body.email).toBe(signUp.email);
      await replicas.signIn({ ...signUp, password: PASSWORD }, replicas.second);
    }

    const emails = [...acknowledged, ...ambiguous].map(({ email }) => email);
    const made = await replicas.view.query<{ email: string; passwords: string; events: string }>(
      `SELECT u.email, (SELECT count(*) FROM user_passwords p WHERE p.user_id = u.id) AS passwords,
         (SELECT count(*) FROM outbox o WHERE o.name = 'user.created' AND o.subject_id = u.id) AS events
       FROM users u WHERE u.email = ANY ($1)`,
      [emails],
    );
    expect(made.map(({ email }) => email).sort()).toEqual([...emails].sort());
    for (const { passwords, events } of made) expect({ passwords, events }).toEqual({ passwords: '1', events: '1' });

    await eventually('every mail', () => emails.every((email) => replicas.mails.to(email, 'verify_email').length > 0));
    // Delivered at least once: a second delivery is of the same message.
    for (const email of emails) {
      expect(new Set(replicas.mails.to(email, 'verify_email').map(({ id }) => id)).size).toBe(1);
    }
    await replicas.replaceFirst();
  });
});

describe('a replica that is told to stop', () => {
  let lock: OwnerView;

  beforeAll(async () => {
    lock = await OwnerView.open(replicas.database);
  });
  afterAll(() => lock.close());

  /** Sends so many sign-ups that stop in the middle of their transactions. @returns their answers, once {@link letGo} has been called. */
  async function heldUp(replica: Replica, count: number): Promise<{ readonly answers: Promise<Answer[]> }> {
    await replica.connect(count);
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const answers = Promise.all(Array.from({ length: count }, () => send(replica, newSignUp())));
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
      AND application_name = 'authsome' AND query LIKE '%password_hash%'`;
    await eventually('the hold-up', async () => (await replicas.count(waiting)) === count);
    return { answers };
  }

  const letGo = () => lock.query('COMMIT');

  it('F15: says at once that it is not ready, finishes what it accepted, and exits with 0', async () => {
    const replica = replicas.first;
    const { answers } = await heldUp(replica, POOL_SIZE - 1);
    // A client that has connected and says nothing: a balancer's spare connection, a browser's guess.
    const silent = connect(Number(new URL(replica.url).port), '127.0.0.1');
    await once(silent, 'connect');
    replica.signal('SIGTERM');
    await eventually('readiness to end', async () => (await replica.get('/health/ready')).status === 503, 1_000);
    // Clients that keep their connection are sent away from it.
    expect((await replica.get('/health/live')).headers.connection).toBe('close');
    await eventually(
      'the port to close',
      async () => (await replica.get('/health/live').catch(() => undefined)) === undefined,
    );
    await letGo();
    for (const { status, body } of await answers) {
      expect(status).toBe(201);
      expect((await replicas.me(replicas.second, body.session_token as string)).status).toBe(200);
    }
    await eventually('the exit', () => !replica.isRunning, STOPS_WITHIN_MS);
    expect(await replica.exit()).toBe(0);
  });

  it('F15: is ended at once by a second signal', async () => {
    const replica = await replicas.replaceFirst();
    const { answers } = await heldUp(replica, 1);
    const refused = answers.catch((error: unknown) => error);
    replica.signal('SIGTERM');
    await eventually('readiness to end', async () => (await replica.get('/health/ready')).status === 503);
    replica.signal('SIGTERM');
    await eventually('the exit', () => !replica.isRunning, STOPS_WITHIN_MS);
    expect(await replica.exit()).toBe(1);
    expect(await refused).toBeInstanceOf(Error);
    await letGo();
  });
});
