import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

interface Change {
  readonly kind: string;
  readonly key: string;
  readonly action: string;
  readonly before?: object;
  readonly after?: object;
}

let app: TestApp;
let view: OwnerView;

beforeAll(async () => {
  app = await TestApp.start({ env: RAISED_LIMITS });
  view = await OwnerView.open(app.database);
});
afterAll(async () => {
  await view.close();
  await app.close();
});

/** An app with an operator, whose development environment has some settings of its own. */
class Subject {
  private constructor(
    readonly development: TestTenant,
    readonly production: TestTenant,
    private readonly token: string,
  ) {}

  static async make(): Promise<Subject> {
    const development = await app.createTenant();
    const { appId } = development.scope;
    const production = await app.environmentOf(appId, 'production');
    const subject = new Subject(development, production, await app.operatorOf(appId));
    await subject.configure(development, { token_ttl_seconds: 900, allowed_origins: ['https://dev.example.com'] });
    return subject;
  }

  call(method: string, path: string, body?: object): Promise<Answer> {
    const query = { app_id: this.development.scope.appId };
    const options = { token: this.token, query, ...(body && { body }) };
    return app.api.request(method, `/v1/environments/${path}`, options);
  }

  async configure({ scope }: TestTenant, settings: object): Promise<void> {
    expect((await this.call('PATCH', `${scope.envId}/settings`, settings)).status).toBe(200);
  }

  async settingsOf({ scope }: TestTenant): Promise<object> {
    return (await this.call('GET', `${scope.envId}/settings`)).body.overrides as object;
  }

  async plan(options: object = {}): Promise<{ plan_id: string; changes: Change[] }> {
    const body = { target_env_id: this.production.scope.envId, ...options };
    const answer = await this.call('POST', `${this.development.scope.envId}/plan`, body);
    expect(answer.status).toBe(200);
    return answer.body as unknown as { plan_id: string; changes: Change[] };
  }

  promote(planId: string, options: object = {}): Promise<Answer> {
    const body = { target_env_id: this.production.scope.envId, plan_id: planId, ...options };
    return this.call('POST', `${this.development.scope.envId}/promote`, body);
  }
}

describe('a plan', () => {
  it('says in machine-readable form what would change, and changes nothing', async () => {
    const subject = await Subject.make();
    await subject.configure(subject.production, { token_ttl_seconds: 300, max_active_sessions: 5 });
    const before = await view.rowsOf(subject.development.scope.appId);
    const { changes } = await subject.plan();
    expect(changes).toEqual([
      {
        kind: 'setting',
        key: 'cors.allowed_origins',
        action: 'create',
        after: { value: ['https://dev.example.com'] },
      },
      {
        kind: 'setting',
        key: 'session.token_ttl_seconds',
        action: 'update',
        before: { value: 300 },
        after: { value: 900 },
      },
    ]);
    expect(await view.rowsOf(subject.development.scope.appId)).toEqual(before);
    const pruned = await subject.plan({ prune: true });
    expect(pruned.changes.at(-1)).toMatchObject({ key: 'session.max_active_sessions', action: 'delete' });
  });

  it('is the same plan as long as nothing changes, and leaves out what it is told to', async () => {
    const subject = await Subject.make();
    const [first, second] = [await subject.plan(), await subject.plan()];
    expect(second).toEqual(first);
    const { changes } = await subject.plan({ except: ['setting/cors.allowed_origins'] });
    expect(changes.map(({ key }) => key)).toEqual(['session.token_ttl_seconds']);
    expect((await subject.plan({ kinds: ['nothing'] })).changes).toEqual([]);
  });

  it('is refused between an environment and itself, and towards one that is not there', async () => {
    const subject = await Subject.make();
    const { envId } = subject.development.scope;
    const itself = await subject.call('POST', `${envId}/plan`, { target_env_id: envId });
    expectProblem(itself, 400, 'same_environment');
    const foreign = await app.createTenant();
    const other = await subject.call('POST', `${envId}/plan`, { target_env_id: foreign.scope.envId });
    expectProblem(other, 404, 'environment_not_found');
  });
});

describe('a plan that is applied', () => {
  it('makes the target what the source is; the next plan is empty, and the settings hold', async () => {
    const subject = await Subject.make();
    const { plan_id } = await subject.plan();
    const applied = await subject.promote(plan_id);
    expect((applied.body.changes as Change[]).length).toBe(2);
    expect(await subject.settingsOf(subject.production)).toEqual(await subject.settingsOf(subject.development));
    expect((await subject.plan()).changes).toEqual([]);
    expect((await subject.plan({ prune: true })).changes).toEqual([]);
    const preflight = await app.api.request('OPTIONS', '/v1/signin', {
      headers: { origin: 'https://dev.example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBe('https://dev.example.com');
  });

  it('brings the forms along as new versions, and takes away what the target asks alone', async () => {
    const subject = await Subject.make();
    const form = (type: string, name: string): object => ({
      form_type: type,
      fields: [{ name, type: 'text', required: true }],
      active: true,
    });
    await subject.call('POST', `${subject.development.scope.envId}/form-configs`, form('signup', 'company'));
    await subject.call('POST', `${subject.production.scope.envId}/form-configs`, form('signup', 'old'));
    await subject.call('POST', `${subject.production.scope.envId}/form-configs`, form('profile', 'motto'));
    const { plan_id, changes } = await subject.plan({ prune: true, kinds: ['form'] });
    expect(changes).toMatchObject([
      { kind: 'form', key: 'signup', action: 'update', after: { fields: [{ name: 'company' }] } },
      { kind: 'form', key: 'profile', action: 'delete' },
    ]);
    expect((await subject.promote(plan_id, { prune: true, kinds: ['form'] })).status).toBe(200);
    expect((await subject.plan({ prune: true, kinds: ['form'] })).changes).toEqual([]);
    const listed = await subject.call('GET', `${subject.production.scope.envId}/form-configs`);
    expect(listed.body.form_configs).toMatchObject([
      { form_type: 'signup', version: 2, status: 'active' },
      { form_type: 'profile', version: 1, status: 'archived' },
      { form_type: 'signup', version: 1, status: 'archived' },
    ]);
    const { tenant, body } = {
      tenant: subject.production,
      body: { email: 'a@example.com', password: 'a long enough one' },
    };
    expectProblem(await app.api.post('/v1/signup', { tenant, body }), 422, 'form_rejected');
  });

  it('with prune takes away what the target has alone', async () => {
    const subject = await Subject.make();
    await subject.configure(subject.production, { max_active_sessions: 5 });
    const { plan_id } = await subject.plan({ prune: true });
    expect((await subject.promote(plan_id, { prune: true })).status).toBe(200);
    expect(await subject.settingsOf(subject.production)).toEqual(await subject.settingsOf(subject.development));
  });

  it('is refused when either side has changed since, and then nothing of it is applied', async () => {
    for (const changed of ['development', 'production'] as const) {
      const subject = await Subject.make();
      const { plan_id } = await subject.plan();
      await subject.configure(subject[changed], { token_ttl_seconds: 777 });
      const before = await subject.settingsOf(subject.production);
      expectProblem(await subject.promote(plan_id), 409, 'plan_outdated');
      expect(await subject.settingsOf(subject.production)).toEqual(before);
    }
  });

  it('is refused with other options than it was made with', async () => {
    const subject = await Subject.make();
    await subject.configure(subject.production, { max_active_sessions: 5 });
    const { plan_id } = await subject.plan();
    expectProblem(await subject.promote(plan_id, { prune: true }), 409, 'plan_outdated');
    expectProblem(await subject.promote('f'.repeat(32)), 409, 'plan_outdated');
  });

  it('is applied once when it is sent ten times at once', async () => {
    const subject = await Subject.make();
    const { plan_id } = await subject.plan();
    const answers = await Promise.all(Array.from({ length: 10 }, () => subject.promote(plan_id)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
    const facts = await view.query("SELECT id FROM outbox WHERE name = 'environment.promoted' AND env_id = $1", [
      subject.production.scope.envId,
    ]);
    expect(facts).toHaveLength(1);
  });

  it('touches no user: an administrator of development has nothing in production', async () => {
    const subject = await Subject.make();
    const person = await app.api.signUp(subject.development);
    const { plan_id } = await subject.plan();
    await subject.promote(plan_id);
    const body = { email: person.email, password: person.password };
    expectProblem(await app.api.post('/v1/signin', { tenant: subject.production, body }), 401);
  });
});

describe('a clone', () => {
  it('R184: has the configuration and lineage of its source, and none of its users, sessions, keys or secrets', async () => {
    const subject = await Subject.make();
    const person = await app.api.signUp(subject.development);
    const body = { name: 'Copy', slug: 'copy', type: 'staging', settings: { token_ttl_seconds: 60 } };
    const cloned = await subject.call('POST', `${subject.development.scope.envId}/clone`, body);
    expect(cloned.status).toBe(201);
    const environment = cloned.body.environment as Record<string, unknown>;
    expect(environment).toMatchObject({
      slug: 'copy',
      type: 'staging',
      is_default: false,
      color: '#eab308',
      cloned_from: subject.development.scope.envId,
      settings: { token_ttl_seconds: 60, allowed_origins: ['https://dev.example.com'] },
    });
    const [key] = environment.publishable_keys as string[];
    expect(key).toMatch(/^pk_stg_/);
    expect(key).not.toBe(subject.development.publishableKey);
    expect(cloned.body).toMatchObject({ cloned: { setting: 2 }, roles_cloned: 6, webhooks_cloned: 0 });
    for (const table of ['users', 'user_passwords', 'sessions', 'devices', 'challenges']) {
      expect(await view.query(`SELECT 1 FROM ${table} WHERE env_id = $1`, [environment.id])).toEqual([]);
    }
    const tenant = { ...subject.development, publishableKey: key ?? '' };
    const { email, password } = person;
    expectProblem(await app.api.post('/v1/signin', { tenant, body: { email, password } }), 401);
    expectProblem(
      await app.api.get('/v1/me', { token: person.token, headers: { 'x-publishable-key': key ?? '' } }),
      401,
    );
  });

  it('that is refused leaves nothing behind', async () => {
    const subject = await Subject.make();
    const body = { name: 'Copy', slug: 'production', type: 'staging' };
    const before = await view.rowsOf(subject.development.scope.appId);
    const refused = await subject.call('POST', `${subject.development.scope.envId}/clone`, body);
    expectProblem(refused, 409, 'environment_slug_taken');
    expect(await view.rowsOf(subject.development.scope.appId)).toEqual(before);
  });
});
