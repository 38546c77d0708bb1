import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ON_LEAK, type LeakPolicy } from '../../../src/api-keys/api-key-settings.js';
import { Database } from '../../../src/kernel/persistence/database.js';
import { settingPlace } from '../../../src/settings/setting-place.js';
import { SettingsService } from '../../../src/settings/settings.service.js';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { FakeGithub, newSigningKey } from '../../support/fake-github.js';
import { OwnerView } from '../../support/owner-view.js';
import { SYSTEM_AUTHOR, TestApp, type TestTenant } from '../../support/test-app.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';
import { Machines } from './machines.js';

const PATH = '/v1/keys/leaks/github';
const FOUND_AT = 'https://github.com/acme/shop/blob/main/deploy.sh';
const MINUTE_MS = 60_000;

const found = (token: string, more: object = {}): object => ({
  token,
  type: 'authsome_api_key',
  url: FOUND_AT,
  source: 'commit',
  ...more,
});
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const withSlip = (key: string): string => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

describe('leaked API keys', () => {
  const log: string[] = [];
  let app: TestApp;
  let github: FakeGithub;
  let receiver: WebhookReceiver;
  let machines: Machines;
  let view: OwnerView;

  beforeAll(async () => {
    github = await FakeGithub.open();
    receiver = await WebhookReceiver.open();
    const allowed = `${github.env.AUTHSOME_OUTBOUND_ALLOW},${receiver.address}`;
    // Without row policies a statement is one call, so that calls can be counted.
    const env = { ...github.env, AUTHSOME_OUTBOUND_ALLOW: allowed, AUTHSOME_ROW_POLICIES: 'false' };
    app = await TestApp.start({ log, env });
    machines = await Machines.open(app);
    view = await OwnerView.open(app.database);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    github.behaviour = undefined;
    github.listed = [github.key];
    app.mailer.sent.length = 0;
    receiver.reset();
  });
  afterAll(async () => {
    await view.close();
    await app.close();
    await receiver.close();
    await github.close();
  });

  const send = (payload: string | Buffer, headers = github.headersFor(payload), to = app): Promise<Answer> =>
    to.api.post(PATH, { payload, headers });
  const report = (...leaks: unknown[]): Promise<Answer> => send(JSON.stringify(leaks));
  const labels = ({ text }: Answer): unknown[] => (JSON.parse(text) as { label: string }[]).map(({ label }) => label);
  const opens = async (rawKey: string): Promise<number> => (await machines.read(rawKey)).status;
  const leakMails = async () => {
    await app.drain();
    return app.mailer.sent.filter(({ purpose }) => purpose === 'api_key_leaked');
  };
  const facts = (id: string) =>
    view.query<{ name: string; payload: Record<string, unknown> }>(
      'SELECT name, payload FROM outbox WHERE subject_id = $1 ORDER BY id',
      [id],
    );
  const factsNamed = async (id: string, name: string) => (await facts(id)).filter((fact) => fact.name === name);
  const decide = (tenant: TestTenant, value: LeakPolicy): Promise<unknown> =>
    app
      .get(SettingsService)
      .write(
        settingPlace.environment(tenant.scope),
        [{ definition: ON_LEAK, value, enforced: false }],
        SYSTEM_AUTHOR(tenant.scope),
      );

  it('K40: a signed report of a live key revokes it at once, tells the owner, is on record, and answers with the label', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    expect(await opens(rawKey)).toBe(200);
    const answer = await report(found(rawKey));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual([
      { token_hash: hashOf(rawKey), token_type: 'authsome_api_key', label: 'true_positive' },
    ]);
    expect(await opens(rawKey)).toBe(401);
    expect(await view.query('SELECT state, revoke_reason FROM api_keys WHERE id = $1', [id])).toEqual([
      { state: 'revoked', revoke_reason: 'leaked' },
    ]);
    const recorded = { secret: 'current', leak_action: 'revoked', leak_source: 'commit', leak_url: FOUND_AT };
    expect((await facts(id)).map(({ name }) => name)).toEqual(['api_key.created', 'api_key.revoked', 'api_key.leaked']);
    expect((await factsNamed(id, 'api_key.leaked'))[0]?.payload).toMatchObject({ api_key_id: id, ...recorded });
    expect(
      await view.query(
        "SELECT actor_kind, metadata FROM audit_entries WHERE target_id = $1 AND action = 'api_key.leaked'",
        [id],
      ),
    ).toEqual([{ actor_kind: 'system', metadata: expect.objectContaining(recorded) }]);
    const [mail, ...others] = await leakMails();
    expect(others).toEqual([]);
    expect(mail?.to).toMatch(/^op-/);
    for (const part of ['“CI”', FOUND_AT, 'revoked']) expect(mail?.text).toContain(part);
  });

  it('K40: no answer, mail, event, entry or log line holds the token, also when the address does', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const { text } = await report(found(rawKey, { url: `${FOUND_AT}?key=${rawKey}` }));
    const [mail] = await leakMails();
    expect(mail?.text).toContain(`${FOUND_AT}?key=***`);
    const rows = JSON.stringify(await view.rowsOf(machines.tenant.scope.appId));
    for (const kept of [text, JSON.stringify(mail), rows, log.join('\n')]) expect(kept).not.toContain(rawKey.slice(14));
  });

  it('K40: webhooks are told, without the token', async () => {
    const own = await Machines.open(app);
    const { id, rawKey } = await own.key(['read:users']);
    await own.must('POST', '/v1/webhooks', { url: receiver.url, events: ['api_key.leaked'] });
    await report(found(rawKey));
    await app.deliver();
    const [{ event, body } = { event: undefined, body: '' }] = receiver.of('api_key.leaked');
    expect(JSON.stringify(event)).toContain(id);
    expect(body).toContain(FOUND_AT);
    expect(body).not.toContain(rawKey.slice(14));
  });

  it('K40: reporting the same leak twice, in one report or two, sends one mail and records one event', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    expect(labels(await report(found(rawKey), found(rawKey)))).toEqual(['true_positive', 'true_positive']);
    expect(labels(await report(found(rawKey)))).toEqual(['true_positive']);
    expect(await leakMails()).toHaveLength(1);
    expect(await factsNamed(id, 'api_key.leaked')).toHaveLength(1);
  });

  it('K40: of reports of one key that come at once one is told', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    const answers = await Promise.all(Array.from({ length: 5 }, () => report(found(rawKey))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await leakMails()).toHaveLength(1);
    expect(await factsNamed(id, 'api_key.leaked')).toHaveLength(1);
  });

  it('K40: a key that was revoked before is true positive, and nothing follows', async () => {
    const { id, rawKey } = await machines.key(['read:users']);
    await machines.must('DELETE', `/v1/keys/${id}`);
    expect(labels(await report(found(rawKey)))).toEqual(['true_positive']);
    expect(await factsNamed(id, 'api_key.leaked')).toEqual([]);
    expect(await leakMails()).toEqual([]);
  });

  it('K40: a person is told of their key, the owners of an organization of its key', async () => {
    const tenant = await app.createTenant();
    const [owner, member] = [await app.api.signUp(tenant), await app.api.signUp(tenant)];
    const { token } = owner;
    const mine = await app.api.post('/v1/keys', { token, body: { name: 'Mine' } });
    const orgId = (await app.api.post('/v1/orgs', { token, body: { name: 'Engines' } })).body.id as string;
    await app.api.post(`/v1/orgs/${orgId}/members`, { token, body: { user_id: member.userId } });
    const ours = await app.api.post('/v1/keys', { token, body: { name: 'Ours', org_id: orgId } });
    await report(found(mine.body.key as string), found(ours.body.key as string));
    const mails = await leakMails();
    expect(mails.map(({ to, userId }) => [to, userId])).toEqual([
      [owner.email, owner.userId],
      [owner.email, owner.userId],
    ]);
    expect(mails.map(({ text }) => /“(\w+)”/.exec(text)?.[1]).sort()).toEqual(['Mine', 'Ours']);
  });

  it('K40: the policy suspend suspends, and a rotation makes the key safe to reactivate; leaked again, it is suspended again', async () => {
    const own = await Machines.open(app);
    await decide(own.tenant, 'suspend');
    const { id, rawKey } = await own.key(['read:users']);
    await report(found(rawKey));
    expect((await own.read(rawKey)).status).toBe(401);
    await own.must('POST', `/v1/keys/${id}/reactivate`);
    expect((await own.read(rawKey)).status).toBe(200);
    await report(found(rawKey), found(rawKey));
    expect((await own.read(rawKey)).status).toBe(401);
    const { key } = await own.must('POST', `/v1/keys/${id}/rotate`, { reason: 'compromise' });
    await own.must('POST', `/v1/keys/${id}/reactivate`);
    expect(labels(await report(found(rawKey)))).toEqual(['false_positive']);
    expect((await own.read(key as string)).status).toBe(200);
    expect(await leakMails()).toHaveLength(2);
  });

  it('K40: the policy notify leaves the key working, and tells its owner once', async () => {
    const own = await Machines.open(app);
    await decide(own.tenant, 'notify');
    const { id, rawKey } = await own.key(['read:users']);
    for (let n = 0; n < 2; n += 1) expect(labels(await report(found(rawKey)))).toEqual(['true_positive']);
    expect((await own.read(rawKey)).status).toBe(200);
    const [mail, ...others] = await leakMails();
    expect([mail?.text.includes('It still works'), others]).toEqual([true, []]);
    expect((await factsNamed(id, 'api_key.leaked')).map(({ payload }) => payload.leak_action)).toEqual(['none']);
  });

  it('K40: a secret in its grace counts, and one whose grace is over touches nothing', async () => {
    const graced = await machines.key(['read:users']);
    const second = await machines.must('POST', `/v1/keys/${graced.id}/rotate`, { grace_seconds: 60 });
    await report(found(graced.rawKey));
    expect([await opens(graced.rawKey), await opens(second.key as string)]).toEqual([401, 401]);
    expect((await factsNamed(graced.id, 'api_key.leaked'))[0]?.payload).toMatchObject({ secret: 'grace' });

    const over = await machines.key(['read:users']);
    const current = await machines.must('POST', `/v1/keys/${over.id}/rotate`, { grace_seconds: 60 });
    app.clock.advance(MINUTE_MS);
    expect(labels(await report(found(over.rawKey)))).toEqual(['true_positive']);
    expect(await opens(current.key as string)).toBe(200);
  });

  it('K40: what cannot be a key is a false positive without a statement, a key that nobody issued after a look', async () => {
    const { rawKey } = await machines.key(['read:users']);
    await report(found('warm'));
    const statements: string[] = [];
    const database = app.get(Database);
    const query = database.query.bind(database);
    jest.spyOn(database, 'query').mockImplementation((scope, statement, values) => {
      statements.push(statement.name);
      return query(scope, statement, values);
    });
    expect(labels(await report(found(withSlip(rawKey)), found('AKIAIOSFODNN7EXAMPLE')))).toEqual([
      'false_positive',
      'false_positive',
    ]);
    expect(statements.filter((name) => name.startsWith('api_key'))).toEqual([]);
    expect(labels(await report(found(`sk_live_${'a'.repeat(64)}`)))).toEqual(['false_positive']);
    expect(statements.filter((name) => name.startsWith('api_key'))).toEqual(['api_keys.by_hash']);
    expect(await opens(rawKey)).toBe(200);
  });

  it('K40: without the signature of a listed key over the very bytes it is 401, and nothing changes', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const payload = JSON.stringify([found(rawKey)]);
    const good = github.headersFor(payload);
    const stranger = newSigningKey();
    const signature = good['github-public-key-signature'] ?? '';
    const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
    const before = await view.rowsOf(machines.tenant.scope.appId);
    const refused: [string, string, Record<string, string>][] = [
      ['no signature', payload, without('github-public-key-signature')],
      ['no identifier', payload, without('github-public-key-identifier')],
      ['an unknown key', payload, github.headersFor(payload, stranger)],
      [
        'a stranger under a known name',
        payload,
        github.headersFor(payload, { ...stranger, ...{ identifier: github.key.identifier } }),
      ],
      ['another body', payload.replace('commit', 'commix'), good],
      ['the same JSON in other bytes', `${payload} `, good],
      ['no body', '', good],
      ['the signature of nothing', payload, github.headersFor('')],
      ['a cut signature', payload, { ...good, 'github-public-key-signature': signature.slice(0, -8) }],
      ['no base64', payload, { ...good, 'github-public-key-signature': '!'.repeat(96) }],
      ['a long signature', payload, { ...good, 'github-public-key-signature': 'A'.repeat(8_000) }],
      ['a key named like a prototype', payload, { ...good, 'github-public-key-identifier': '__proto__' }],
    ];
    for (const [what, body, headers] of refused) {
      const answer = await send(body, headers);
      expect([what, answer.status]).toEqual([what, 401]);
      expectProblem(answer, 401, 'invalid_leak_signature');
    }
    expect(await view.rowsOf(machines.tenant.scope.appId)).toEqual(before);
    expect(await opens(rawKey)).toBe(200);
  });

  it('K40: signed junk is refused as a whole, in words', async () => {
    const { rawKey } = await machines.key(['read:users']);
    const list = (...leaks: unknown[]): string => JSON.stringify([found(rawKey), ...leaks]);
    const junk: [string, string | Buffer, number][] = [
      ['an object', JSON.stringify(found(rawKey)), 400],
      ['a text', '"x"', 400],
      ['null', 'null', 400],
      ['101 tokens', JSON.stringify(Array.from({ length: 101 }, () => found(rawKey))), 400],
      ['a token of 10 kB', list(found('x'.repeat(10_000))), 400],
      ['no token', list({ type: 'a' }), 400],
      ['no type', list({ token: 'a' }), 400],
      ['a number for a token', list({ token: 7, type: 'a' }), 400],
      ['a list in the list', list([]), 400],
      ['null in the list', list(null), 400],
      ['a number in the list', list(7), 400],
      ['NUL', list(found('a\0b')), 400],
      ['a long address', list(found('a', { url: 'x'.repeat(2_001) })), 400],
      [
        'invalid UTF-8',
        Buffer.concat([Buffer.from('[{"token":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]')]),
        400,
      ],
      ['half a document', '[{', 400],
      ['too much', JSON.stringify([found('x'.repeat(300_000))]), 413],
    ];
    for (const [what, payload, status] of junk) {
      const answer = await send(payload);
      expect([what, answer.status]).toEqual([what, status]);
      expectProblem(answer, status);
    }
    expect(await opens(rawKey)).toBe(200);
    expect(labels(await report())).toEqual([]);
    expect(labels(await report({ token: 'a', type: 'b', url: '', source: null }))).toEqual(['false_positive']);
  });

  it('K40: keys are asked for once an hour, for all who wait at once, and for an unknown one once a minute', async () => {
    const fresh = await TestApp.start({ env: github.env, database: app.database });
    try {
      const known = (): Promise<Answer> => send('[]', github.headersFor('[]'), fresh);
      const newcomer = newSigningKey();
      const unknown = (): Promise<Answer> => send('[]', github.headersFor('[]', newcomer), fresh);
      github.asked = 0;
      await Promise.all([known(), known(), known()]);
      for (let n = 0; n < 3; n += 1) expect((await unknown()).status).toBe(401);
      expect(github.asked).toBe(1);
      github.listed = [github.key, newcomer];
      fresh.clock.advance(MINUTE_MS);
      expect((await known()).status).toBe(200);
      expect(github.asked).toBe(1);
      expect((await unknown()).status).toBe(200);
      expect(github.asked).toBe(2);
      github.listed = [newcomer];
      fresh.clock.advance(60 * MINUTE_MS);
      expect((await known()).status).toBe(401);
      expect(github.asked).toBe(3);
    } finally {
      await fresh.close();
    }
  });

  it('K40: while the keys cannot be read it is 503, never 401, and the list is not asked for at every report', async () => {
    const fresh = await TestApp.start({ env: github.env, database: app.database });
    try {
      const known = (): Promise<Answer> => send('[]', github.headersFor('[]'), fresh);
      const broken: ((response: ServerResponse) => void)[] = [
        (response) => response.writeHead(500).end(),
        (response) => response.destroy(),
        (response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(),
        (response) => response.writeHead(200).end('<html>'),
        (response) => response.writeHead(200).end('{"public_keys":{}}'),
        (response) => response.writeHead(200).end('null'),
      ];
      for (const behaviour of broken) {
        github.behaviour = behaviour;
        github.asked = 0;
        for (let n = 0; n < 3; n += 1) expectProblem(await known(), 503, 'service_unavailable');
        expect(github.asked).toBe(1);
        fresh.clock.advance(5_000);
      }
      const odd = [null, 7, { key_identifier: 'x' }, { key_identifier: github.key.identifier, key: 'no key' }];
      github.behaviour = (response) => response.writeHead(200).end(JSON.stringify({ public_keys: odd }));
      expectProblem(await known(), 401, 'invalid_leak_signature');
      github.behaviour = undefined;
      fresh.clock.advance(MINUTE_MS);
      expect((await known()).status).toBe(200);
    } finally {
      await fresh.close();
    }
  });

  it('K40: without an address of public keys there is no such route, and without our own key manager no verdict', async () => {
    const off = await TestApp.start({ database: app.database });
    const noop = await TestApp.start({ env: { ...github.env, AUTHSOME_KEYS: 'noop' }, database: app.database });
    try {
      expectProblem(await send('[]', github.headersFor('[]'), off), 404, 'not_found');
      expectProblem(await send('[]', github.headersFor('[]'), noop), 503, 'key_manager_not_available');
    } finally {
      await off.close();
      await noop.close();
    }
  });

  it('K40: reports are limited per address', async () => {
    const env = { ...github.env, AUTHSOME_LIMIT_LEAK_REPORTS_PER_IP: '2/1m' };
    const limited = await TestApp.start({ env, database: app.database });
    try {
      const answers = [];
      for (let n = 0; n < 3; n += 1) {
        const payload = '[]';
        const headers = github.headersFor(payload);
        answers.push((await limited.api.post(PATH, { payload, headers, remoteAddress: '203.0.113.9' })).status);
      }
      expect(answers).toEqual([200, 200, 429]);
    } finally {
      await limited.close();
    }
  });
});
