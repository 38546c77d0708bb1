import { pbkdf2Sync, scryptSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { BulkUsersService } from '../../../src/users/bulk-users.service.js';
import { type Answer, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PASSWORD = 'correct horse battery staple';
const BASE = '/v1/admin/user-imports';

let app: TestApp;
let view: OwnerView;
let hash: string;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
  hash = await bcrypt(PASSWORD, 4);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

/** An operator who brings users into one environment. */
class Importer {
  private constructor(
    readonly tenant: TestTenant,
    private readonly token: string,
  ) {}

  static async ofNewApp(): Promise<Importer> {
    const tenant = await app.createTenant();
    return new Importer(tenant, await app.operatorOf(tenant.scope.appId));
  }

  call(method: string, path: string, body?: object, query: Record<string, string> = {}): Promise<Answer> {
    const { appId } = this.tenant.scope;
    return app.api.request(method, path, {
      token: this.token,
      query: { app_id: appId, ...query },
      ...(body && { body }),
    });
  }

  async begin(options: object = {}): Promise<string> {
    const created = await this.call('POST', BASE, options);
    expect([created.status, created.body.state]).toEqual([201, 'receiving']);
    return created.body.id as string;
  }

  rows(id: string, type: string, payload: string): Promise<Answer> {
    return app.api.request('POST', `${BASE}/${id}/rows`, {
      token: this.token,
      query: { app_id: this.tenant.scope.appId },
      headers: { 'content-type': type },
      payload,
    });
  }

  documents(id: string, documents: readonly object[]): Promise<Answer> {
    return this.rows(id, 'application/x-ndjson', documents.map((document) => JSON.stringify(document)).join('\n'));
  }

  /** Begins, sends, starts, and waits until every row has its outcome. @returns the import's id. */
  async whole(documents: readonly object[], options: object = {}): Promise<string> {
    const id = await this.begin(options);
    const sent = await this.documents(id, documents);
    if (sent.status !== 200) throw new Error(sent.text);
    expect((await this.call('POST', `${BASE}/${id}/start`)).body.state).toBe('running');
    await app.drain();
    return id;
  }

  async state(id: string): Promise<Record<string, unknown>> {
    return (await this.call('GET', `${BASE}/${id}`)).body;
  }

  async results(id: string): Promise<string[]> {
    const { body } = await this.call('GET', `${BASE}/${id}/results`, undefined, { limit: '100' });
    return (body.results as { line: number; outcome: string; code?: string }[]).map(({ line, outcome, code }) =>
      [line, outcome, code].filter((part) => part !== undefined).join(' '),
    );
  }

  async signIn(email: string, password = PASSWORD): Promise<number> {
    return (await app.api.post('/v1/signin', { tenant: this.tenant, body: { email, password } })).status;
  }
}

describe('an import', () => {
  it('takes a CSV, and its users sign in with the passwords they had', async () => {
    const importer = await Importer.ofNewApp();
    const id = await importer.begin();
    const csv = [
      '\ufeffemail,email_verified,first_name,last_name,username,phone,external_id,metadata,password_hash',
      `ada@example.com,true,Ada,"Lovelace, Countess",ada,+442079460958,7,"{""plan"":""pro""}",${hash}`,
      `ben@example.com,,"Ben\nof two lines",,,,,,`,
      '',
    ].join('\r\n');
    expect((await importer.rows(id, 'text/csv; charset=utf-8', csv)).body).toMatchObject({ total: 2, processed: 0 });
    await importer.call('POST', `${BASE}/${id}/start`);
    await app.drain();
    expect(await importer.state(id)).toMatchObject({ state: 'done', processed: 2, created: 2, failed: 0 });
    const [ada] = (await importer.call('GET', '/v1/admin/users', undefined, { email: 'ada@example.com' })).body
      .users as object[];
    expect(ada).toMatchObject({
      email_verified: true,
      first_name: 'Ada',
      last_name: 'Lovelace, Countess',
      username: 'ada',
      phone: '+442079460958',
      external_id: '7',
      metadata: { plan: 'pro' },
    });
    expect(await importer.signIn('ada@example.com')).toBe(200);
    expect(await importer.signIn('ada@example.com', 'wrong')).toBe(401);
    const [stored] = await view.query<{ password_hash: string }>(
      `SELECT p.password_hash FROM user_passwords p JOIN users u ON u.id = p.user_id WHERE u.env_id = $1 AND u.external_id = '7'`,
      [importer.tenant.scope.envId],
    );
    expect(stored?.password_hash).toMatch(/^\$argon2id\$/);
  });

  it('says of each row what became of it and why, and keeps nothing of what the rows held', async () => {
    const importer = await Importer.ofNewApp();
    const known = await app.api.signUp(importer.tenant, { username: 'taken' });
    const id = await importer.whole([
      { email: 'new@example.com' },
      { email: 'no address' },
      { email: known.email },
      { email: 'two@example.com', username: 'TAKEN' },
      { email: 'NEW@example.com' },
      { email: 'phone@example.com', phone: '12' },
      { email: 'hash@example.com', password_hash: 'plain text' },
      { email: 'cost@example.com', password_hash: '$scrypt$ln=20,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$' + 'A'.repeat(43) },
      { email: 'meta@example.com', metadata: { a: { b: 1 } } },
      { email: 'time@example.com', created_at: '2999-01-01T00:00:00Z' },
      { email: 'long@example.com', first_name: 'x'.repeat(101) },
      { email: 'name@example.com', username: 'a@b' },
    ]);
    expect(await importer.results(id)).toEqual([
      '1 created',
      '2 failed invalid_email',
      '3 skipped email_taken',
      '4 failed username_taken',
      '5 failed duplicate_in_file',
      '6 failed invalid_phone',
      '7 failed unsupported_hash',
      '8 failed unsupported_hash',
      '9 failed invalid_metadata',
      '10 failed invalid_time',
      '11 failed too_long',
      '12 failed invalid_username',
    ]);
    expect(await importer.state(id)).toMatchObject({ total: 12, processed: 12, created: 1, skipped: 1, failed: 10 });
    const failed = await importer.call('GET', `${BASE}/${id}/results`, undefined, { outcome: 'skipped' });
    expect(failed.body.results).toEqual([
      { line: 3, outcome: 'skipped', code: 'email_taken', message: expect.any(String), user_id: known.userId },
    ]);
    expect(await view.query('SELECT 1 FROM user_import_rows WHERE document IS NOT NULL')).toEqual([]);
  });

  it('replaces profiles where it is told to, and never a password', async () => {
    const importer = await Importer.ofNewApp();
    const { email } = await app.api.signUp(importer.tenant, { first_name: 'Old', metadata: { a: 'x' } });
    const other = await bcrypt('another long passphrase', 4);
    const row = { email, first_name: 'New', metadata: { b: 1 }, password_hash: other };
    const id = await importer.whole([row], { on_conflict: 'update' });
    expect(await importer.results(id)).toEqual(['1 updated']);
    const [user] = (await importer.call('GET', '/v1/admin/users', undefined, { email })).body.users as object[];
    expect(user).toMatchObject({ first_name: 'New', metadata: { a: 'x', b: 1 } });
    expect([await importer.signIn(email), await importer.signIn(email, 'another long passphrase')]).toEqual([200, 401]);
    expect(await importer.results(await importer.whole([row], { on_conflict: 'fail' }))).toEqual([
      '1 failed email_taken',
    ]);
  });

  it('as a dry run says what would become of the rows, and writes none', async () => {
    const importer = await Importer.ofNewApp();
    const { email } = await app.api.signUp(importer.tenant);
    const id = await importer.whole([{ email: uniqueEmail() }, { email }, { email: '-' }], { dry_run: true });
    expect(await importer.results(id)).toEqual(['1 created', '2 skipped email_taken', '3 failed invalid_email']);
    const users = await importer.call('GET', '/v1/admin/users');
    expect(users.body.total).toBe(1);
  });

  it('goes on after a worker died in the middle, and makes nobody twice', async () => {
    const importer = await Importer.ofNewApp();
    const id = await importer.begin();
    const documents = Array.from({ length: 1_200 }, (_, index) => ({ email: `person${index}@example.com` }));
    await importer.documents(id, documents);
    await importer.call('POST', `${BASE}/${id}/start`);
    const bulk = app.get(BulkUsersService);
    const write = bulk.write.bind(bulk);
    let batches = 0;
    const dying = jest.spyOn(bulk, 'write').mockImplementation(async (...batch) => {
      const written = await write(...batch);
      batches += 1;
      if (batches === 2) throw new Error('the worker dies after its second batch was written, before it commits');
      return written;
    });
    await app.drain();
    dying.mockRestore();
    expect(await importer.state(id)).toMatchObject({ state: 'running', processed: 500 });
    app.clock.advance(60_000);
    await app.drain();
    expect(await importer.state(id)).toMatchObject({ state: 'done', processed: 1_200, created: 1_200 });
    const { envId } = importer.tenant.scope;
    const count = await view.query<{ n: number }>(`SELECT count(*)::integer AS n FROM users WHERE env_id = '${envId}'`);
    expect(count[0]?.n).toBe(1_200);
    const totals = await view.query(`SELECT users::integer AS users FROM user_totals WHERE env_id = '${envId}'`);
    expect(totals).toEqual([{ users: 1_200 }]);
  });

  it('is stopped: what was written stays, what waits is forgotten', async () => {
    const importer = await Importer.ofNewApp();
    const id = await importer.begin();
    await importer.documents(id, [{ email: uniqueEmail() }]);
    expect((await importer.call('DELETE', `${BASE}/${id}`)).body.state).toBe('cancelled');
    expectProblem(await importer.documents(id, [{ email: uniqueEmail() }]), 409, 'user_import_closed');
    expectProblem(await importer.call('POST', `${BASE}/${id}/start`), 409, 'user_import_closed');
    expectProblem(await importer.call('DELETE', `${BASE}/${id}`), 409, 'user_import_closed');
    expect(await view.query('SELECT 1 FROM user_import_rows WHERE import_id = $1', [id])).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['lines that are no JSON', 'application/x-ndjson', '{"email":"a@example.com"}\n{'],
    ['lines that are no objects', 'application/x-ndjson', '[1]'],
    ['NUL characters', 'application/x-ndjson', '{"email":"a\\u0000"}'],
    ['rows of another width', 'text/csv', 'email,name\na@example.com'],
    ['an open quote', 'text/csv', 'email\n"a@example.com'],
    ['characters that are none', 'text/csv', 'email\na\0@example.com'],
    ['a line beyond all bounds', 'application/x-ndjson', JSON.stringify({ email: 'x'.repeat(70_000) })],
  ])('refuses %s, all of the part or nothing', async (_, type, payload) => {
    const importer = await Importer.ofNewApp();
    const id = await importer.begin();
    expectProblem(await importer.rows(id, type, payload), 400, 'unreadable_rows');
    expect((await importer.state(id)).total).toBe(0);
  });

  it('R326: tables are taken here, and nowhere else', async () => {
    const importer = await Importer.ofNewApp();
    const elsewhere = await app.api.request('POST', '/v1/signin', {
      tenant: importer.tenant,
      headers: { 'content-type': 'text/csv' },
      payload: 'email,password\na,b\n',
    });
    expectProblem(elsewhere, 415);
  });

  it('R170: belongs to its environment', async () => {
    const id = await (await Importer.ofNewApp()).begin();
    const stranger = await Importer.ofNewApp();
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/start'],
      ['GET', '/results'],
      ['DELETE', ''],
    ] as const) {
      expectProblem(await stranger.call(method, `${BASE}/${id}${path}`), 404, 'user_import_not_found');
    }
    expectProblem(await stranger.documents(id, [{}]), 404, 'user_import_not_found');
  });
});

describe('users of other systems', () => {
  const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  const salt = Buffer.from('0123456789abcdef');

  const SOURCES: readonly (readonly [mapping: string, row: (bcryptHash: string) => object, options?: object])[] = [
    [
      'auth0',
      (passwordHash) => ({
        email: 'a@example.com',
        email_verified: true,
        user_id: 'auth0|1',
        given_name: 'Ada',
        user_metadata: { plan: 'pro', tags: ['a'] },
        passwordHash,
      }),
    ],
    [
      'keycloak',
      () => ({
        id: 'kc-1',
        username: 'ada',
        email: 'a@example.com',
        emailVerified: true,
        enabled: true,
        firstName: 'Ada',
        attributes: { plan: ['pro'] },
        createdTimestamp: 1_500_000_000_000,
        credentials: [
          {
            type: 'password',
            secretData: JSON.stringify({
              value: pbkdf2Sync(PASSWORD, salt, 27_500, 64, 'sha256').toString('base64'),
              salt: salt.toString('base64'),
            }),
            credentialData: JSON.stringify({ hashIterations: 27_500, algorithm: 'pbkdf2-sha256' }),
          },
        ],
      }),
    ],
    [
      'supabase',
      (encrypted) => ({
        id: 'sb-1',
        email: 'a@example.com',
        encrypted_password: encrypted,
        email_confirmed_at: '2020-01-01 00:00:00+00',
        phone: '442079460958',
        raw_user_meta_data: '{"plan":"pro"}',
      }),
    ],
    [
      'better-auth',
      () => {
        const text = salt.toString('hex');
        const key = scryptSync(PASSWORD, text, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 27 });
        const password = `${text}:${key.toString('hex')}`;
        return {
          id: 'ba-1',
          email: 'a@example.com',
          emailVerified: true,
          name: 'Ada Lovelace',
          accounts: [{ providerId: 'credential', password }],
        };
      },
    ],
    [
      'authsome',
      () => ({
        email: 'a@example.com',
        email_verified: 'true',
        external_id: 1,
        password_hash: `$pbkdf2-sha512$i=1000$${unpadded(salt)}$${unpadded(pbkdf2Sync(PASSWORD, salt, 1_000, 64, 'sha512'))}`,
      }),
    ],
  ];

  it.each(SOURCES)('of %s keep their address, their proof of it, their id and their password', async (mapping, row) => {
    const importer = await Importer.ofNewApp();
    const id = await importer.whole([row(hash)], { mapping });
    expect(await importer.results(id)).toEqual(['1 created']);
    const [user] = (await importer.call('GET', '/v1/admin/users')).body.users as Record<string, unknown>[];
    expect(user).toMatchObject({ email: 'a@example.com', email_verified: true, external_id: expect.any(String) });
    expect(await importer.signIn('a@example.com')).toBe(200);
  });

  it('of Firebase do so with the parameters of their project, and fail without', async () => {
    const row = {
      localId: 'fb-1',
      email: 'a@example.com',
      emailVerified: true,
      displayName: 'Ada Lovelace',
      salt: '42xEC-ixf3L2lw==',
      passwordHash: 'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
    };
    const hash_parameters = {
      signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      salt_separator: 'Bw==',
      rounds: 8,
      mem_cost: 14,
    };
    const importer = await Importer.ofNewApp();
    const without = await importer.whole([row], { mapping: 'firebase' });
    expect(await importer.results(without)).toEqual(['1 failed unsupported_hash']);
    const id = await importer.whole([row], { mapping: 'firebase', hash_parameters });
    expect(await importer.results(id)).toEqual(['1 created']);
    expect(await importer.signIn('a@example.com', 'user1password')).toBe(200);
    const [stored] = await view.query<{ text: string }>(
      `SELECT i::text AS text FROM user_imports i WHERE id = '${id}'`,
    );
    expect(stored?.text).not.toContain(hash_parameters.signer_key);
  });
});

describe('a small import', () => {
  it('is answered with what was made, skipped and refused', async () => {
    const importer = await Importer.ofNewApp();
    const { email } = await app.api.signUp(importer.tenant);
    const users = [{ email: 'a@example.com', password_hash: hash }, { email }, { email: 'nobody' }];
    const answer = await importer.call('POST', '/v1/admin/bulk/users/import', { users });
    expect(answer.body).toEqual({
      created: 1,
      skipped: 1,
      errors: [{ index: 2, email: 'nobody', error: 'invalid_email' }],
    });
    expect(await importer.signIn('a@example.com')).toBe(200);
    const many = Array.from({ length: 1_001 }, () => ({}));
    expectProblem(await importer.call('POST', '/v1/admin/bulk/users/import', { users: many }), 400);
  });
});

describe('an export', () => {
  it('is what an import reads, and holds no password unless a platform owner asks for them', async () => {
    const importer = await Importer.ofNewApp();
    await importer.whole([
      { email: 'a@example.com', first_name: '=1+1', password_hash: hash, metadata: { plan: 'pro' } },
      { email: 'b@example.com', last_name: 'Two,\n"lines"' },
    ]);
    const ndjson = await importer.call('GET', '/v1/admin/user-exports');
    expect(String(ndjson.headers['content-type'])).toMatch(/^application\/x-ndjson/);
    const users = ndjson.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(users).toMatchObject([
      { email: 'a@example.com', first_name: '=1+1', metadata: { plan: 'pro' } },
      { email: 'b@example.com', last_name: 'Two,\n"lines"' },
    ]);
    expect(ndjson.text).not.toContain('hash');
    const csv = await importer.call('GET', '/v1/admin/user-exports', undefined, { format: 'csv' });
    expect(csv.text).toContain(`'=1+1`);
    expectProblem(await importer.call('GET', '/v1/admin/user-exports', undefined, { password_hashes: 'true' }), 403);
    const owner = await app.platformOwner();
    const { payload: whole } = await app.nest.inject({
      url: `/v1/admin/user-exports?app_id=${importer.tenant.scope.appId}&password_hashes=true`,
      headers: { authorization: `Bearer ${owner}` },
    });
    const elsewhere = await Importer.ofNewApp();
    const moved = await elsewhere.whole(
      whole
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
    );
    expect(await elsewhere.results(moved)).toEqual(['1 created', '2 created']);
    expect(await elsewhere.signIn('a@example.com')).toBe(200);
  });
});
