import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, uniqueEmail } from '../../support/api-client.js';
import { expectProblem } from '../../support/expect-problem.js';
import { OwnerView } from '../../support/owner-view.js';
import { RAISED_LIMITS } from '../../support/raised-limits.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';

const PASSWORD = 'correct horse battery staple';
const PLAN = { name: 'plan', label: 'Your plan', type: 'select', required: true, options: ['free', 'pro'] };
const SEATS = { name: 'seats', type: 'number', validation: { min: 1, max: 100 }, default: 1 };

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

/** The forms of an environment, as an operator of its app. */
class Forms {
  private constructor(
    readonly tenant: TestTenant,
    private readonly token: string,
  ) {}

  static async ofNewApp(): Promise<Forms> {
    const tenant = await app.createTenant();
    return new Forms(tenant, await app.operatorOf(tenant.scope.appId));
  }

  call(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer> {
    const { appId, envId } = this.tenant.scope;
    const url = `/v1/environments/${envId}/form-configs${path}`;
    return app.api.request(method, url, {
      token: this.token,
      query: { app_id: appId },
      ...(body && { body }),
      ...(headers && { headers }),
    });
  }

  async create(formType: string, fields: object[], active = true): Promise<string> {
    const created = await this.call('POST', '', { form_type: formType, fields, active });
    expect([created.status, created.body.active]).toEqual([201, active]);
    return created.body.id as string;
  }

  signUp(metadata?: unknown, tenant = this.tenant): Promise<Answer> {
    return app.api.post('/v1/signup', {
      tenant,
      body: { email: uniqueEmail(), password: PASSWORD, ...(metadata !== undefined && { metadata }) },
    });
  }

  async users(): Promise<number> {
    const { appId } = this.tenant.scope;
    return Number((await view.query<{ n: string }>(`SELECT count(*) AS n FROM users WHERE app_id = '${appId}'`))[0]?.n);
  }
}

function metadataOf({ body }: Answer): unknown {
  return (body.user as { metadata?: unknown }).metadata;
}

function codesOf({ body }: Answer): unknown {
  return (body.errors as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`);
}

describe('a sign-up form', () => {
  let forms: Forms;
  beforeAll(async () => {
    forms = await Forms.ofNewApp();
    await forms.create('signup', [PLAN, SEATS]);
  });

  it('R351: keeps what was answered, typed, with defaults in place', async () => {
    const signedUp = await forms.signUp({ plan: 'pro', seats: '12' });
    expect(signedUp.status).toBe(201);
    expect(metadataOf(signedUp)).toEqual({ plan: 'pro', seats: 12 });
    expect(metadataOf(await forms.signUp({ plan: 'free' }))).toEqual({ plan: 'free', seats: 1 });
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['metadata.plan required']],
    ['null', null, ['metadata.plan required']],
    ['an empty object', {}, ['metadata.plan required']],
    ['an answer that is no option', { plan: 'gold' }, ['metadata.plan option']],
    ['an answer of another type', { plan: ['pro'] }, ['metadata.plan option']],
    ['a number out of bounds', { plan: 'pro', seats: 0 }, ['metadata.seats min']],
    ['a field that nobody asked for', { plan: 'pro', admin: true }, ['metadata.admin unknown_field']],
  ])('R351, R352: lets nobody in who answers %s, and makes no account', async (_, metadata, errors) => {
    const before = await forms.users();
    const refused = await forms.signUp(metadata);
    expectProblem(refused, 422, 'form_rejected');
    expect(codesOf(refused)).toEqual(errors);
    expect(await forms.users()).toBe(before);
  });

  it('R352: is answered with an object of names, or refused before any form looks at it', async () => {
    for (const metadata of ['plan', 7, ['plan'], { 'no such name': 1 }, { ['x'.repeat(65)]: 1 }]) {
      expectProblem(await forms.signUp(metadata), 400, 'validation_failed');
    }
  });

  it('R151: refuses addresses that have an account and such that have none alike', async () => {
    const known = await app.api.signUp(forms.tenant, { metadata: { plan: 'pro' } });
    const body = { email: known.email, password: PASSWORD };
    const wrong = await app.api.post('/v1/signup', { tenant: forms.tenant, body });
    expectProblem(wrong, 422, 'form_rejected');
    const right = await app.api.post('/v1/signup', {
      tenant: forms.tenant,
      body: { ...body, metadata: { seats: 2, plan: 'pro' } },
    });
    const fresh = await forms.signUp({ seats: 2, plan: 'pro' });
    expect([right.status, JSON.stringify(metadataOf(right))]).toEqual([201, JSON.stringify(metadataOf(fresh))]);
  });

  it('R353: is asked in its own environment alone', async () => {
    const staging = await app.environmentOf(forms.tenant.scope.appId, 'staging');
    expect((await forms.signUp(undefined, staging)).status).toBe(201);
    expect((await forms.signUp(undefined, await app.createTenant())).status).toBe(201);
  });

  it('R355: that became stricter does not concern who is there already', async () => {
    const subject = await Forms.ofNewApp();
    const { email, token } = await app.api.signUp(subject.tenant);
    await subject.create('signup', [PLAN]);
    const signedIn = await app.api.post('/v1/signin', { tenant: subject.tenant, body: { email, password: PASSWORD } });
    expect(signedIn.status).toBe(200);
    expect((await app.api.patch('/v1/me', { token, body: { first_name: 'Ada' } })).status).toBe(200);
  });

  it('is shown to whoever draws the page, while it is in use', async () => {
    const subject = await Forms.ofNewApp();
    const shown = async (): Promise<unknown> =>
      (await app.api.get('/v1/client-config', { query: { key: subject.tenant.publishableKey } })).body.signup_fields;
    expect(await shown()).toBeUndefined();
    const id = await subject.create('signup', [PLAN, SEATS]);
    expect(await shown()).toEqual([
      {
        key: 'plan',
        label: 'Your plan',
        type: 'select',
        options: [
          { value: 'free', label: 'free' },
          { value: 'pro', label: 'pro' },
        ],
        validation: { required: true },
        order: 0,
      },
      { key: 'seats', label: 'seats', type: 'number', default: 1, validation: { min: 1, max: 100 }, order: 1 },
    ]);
    expect((await subject.call('POST', `/${id}/deactivate`)).status).toBe(200);
    expect(await shown()).toBeUndefined();
    expect((await subject.signUp()).status).toBe(201);
  });

  it('R349: that is broken in the database lets nobody through', async () => {
    const subject = await Forms.ofNewApp();
    const id = await subject.create('signup', [{ name: 'code', type: 'text', validation: { pattern: '^a$' } }]);
    await view.query(`UPDATE form_configs SET fields = '[{"name":"code","label":"c","type":"text","required":false,
      "validation":{"pattern":"("}}]' WHERE id = '${id}'`);
    await subject.create('profile', []);
    const before = await subject.users();
    expect((await subject.signUp({ code: 'a' })).status).toBe(500);
    expect(await subject.users()).toBe(before);
  });
});

describe('without a sign-up form', () => {
  it('metadata may hold texts, numbers and booleans within bounds', async () => {
    const forms = await Forms.ofNewApp();
    const metadata = { company: 'Analytical Engines', seats: 3, beta: true };
    expect(metadataOf(await forms.signUp(metadata))).toEqual(metadata);
    for (const wrong of [{ a: [1] }, { a: { b: 1 } }, { a: 'x'.repeat(1_025) }, { a: null }]) {
      expectProblem(await forms.signUp(wrong), 400, 'validation_failed');
    }
  });
});

describe('a sign-in form', () => {
  it('is asked at each sign-in, and what was answered is kept with the rest', async () => {
    const forms = await Forms.ofNewApp();
    const { email } = await app.api.signUp(forms.tenant, { metadata: { company: 'Acme' } });
    await forms.create('signin', [{ name: 'site', type: 'text', required: true }]);
    const signIn = (password: string, metadata?: object): Promise<Answer> =>
      app.api.post('/v1/signin', { tenant: forms.tenant, body: { email, password, ...(metadata && { metadata }) } });
    expectProblem(await signIn(PASSWORD), 422, 'form_rejected');
    expectProblem(await signIn('wrong', { site: 'Berlin' }), 401);
    const signedIn = await signIn(PASSWORD, { site: 'Berlin' });
    expect([signedIn.status, metadataOf(signedIn)]).toEqual([200, { company: 'Acme', site: 'Berlin' }]);
    const token = signedIn.body.session_token as string;
    expect((await app.api.get('/v1/me', { token })).body.metadata).toEqual({ company: 'Acme', site: 'Berlin' });
  });
});

describe('a profile form', () => {
  it('says which metadata people may change themselves', async () => {
    const forms = await Forms.ofNewApp();
    const { token } = await app.api.signUp(forms.tenant, { metadata: { plan: 'pro', motto: 'Think' } });
    const change = (metadata: object): Promise<Answer> => app.api.patch('/v1/me', { token, body: { metadata } });
    expectProblem(await change({ plan: 'free' }), 422, 'form_rejected');
    await forms.create('profile', [
      { name: 'motto', type: 'text' },
      { name: 'langs', type: 'select', multiple: true, options: ['en', 'de'] },
    ]);
    expectProblem(await change({ plan: 'free' }), 422, 'form_rejected');
    const changed = await change({ langs: ['de', 'en'], motto: '' });
    expect([changed.status, changed.body.metadata]).toEqual([200, { plan: 'pro', langs: ['de', 'en'] }]);
    expect((await app.api.get('/v1/me', { token })).body.metadata).toEqual({ plan: 'pro', langs: ['de', 'en'] });
  });
});

describe('the versions of a form', () => {
  it('are drafted, edited, put into use, replaced, and taken out of use', async () => {
    const forms = await Forms.ofNewApp();
    const first = await forms.create('signup', [SEATS], false);
    expect((await forms.signUp({ seats: 2 })).status).toBe(201);
    const read = await forms.call('GET', `/${first}`);
    expect(read.body).toMatchObject({ version: 1, status: 'draft', form_type: 'signup' });
    const etag = read.headers.etag as string;
    const edited = await forms.call('PATCH', `/${first}`, { fields: [PLAN] }, { 'if-match': etag });
    expect([edited.status, (edited.body.fields as unknown[]).length]).toEqual([200, 1]);
    const late = await forms.call('PATCH', `/${first}`, { fields: [] }, { 'if-match': etag });
    expectProblem(late, 412, 'precondition_failed');
    expect((await forms.call('POST', `/${first}/activate`)).body).toMatchObject({ status: 'active', active: true });
    expectProblem(await forms.call('PATCH', `/${first}`, { fields: [] }), 409, 'form_config_frozen');
    expectProblem(await forms.call('DELETE', `/${first}`), 409, 'form_config_active');
    const second = await forms.create('signup', []);
    expect((await forms.call('GET', `/${second}`)).body.version).toBe(2);
    expect((await forms.call('GET', `/${first}`)).body.status).toBe('archived');
    expectProblem(await forms.call('POST', `/${first}/deactivate`), 409, 'form_config_inactive');
    expect((await forms.call('POST', `/${first}/activate`)).status).toBe(200);
    expect((await forms.call('GET', `/${second}`)).body.status).toBe('archived');
    const listed = (await forms.call('GET', '?status=active')).body.form_configs as { id: string }[];
    expect(listed.map(({ id }) => id)).toEqual([first]);
    expect((await forms.call('DELETE', `/${second}`)).status).toBe(200);
    expectProblem(await forms.call('GET', `/${second}`), 404, 'form_config_not_found');
  });

  it('are listed newest first, page by page, by type and state', async () => {
    const forms = await Forms.ofNewApp();
    const ids = [];
    for (const type of ['signup', 'profile', 'signup']) ids.unshift(await forms.create(type, [], false));
    const first = await forms.call('GET', '?limit=2');
    const rest = await forms.call('GET', `?limit=2&cursor=${first.body.next_cursor as string}`);
    const all = [first, rest].flatMap(({ body }) => body.form_configs as { id: string }[]);
    expect(all.map(({ id }) => id)).toEqual(ids);
    const profile = (await forms.call('GET', '?form_type=profile')).body.form_configs as { id: string }[];
    expect(profile.map(({ id }) => id)).toEqual([ids[1]]);
    expectProblem(await forms.call('GET', '?form_type=other'), 400, 'validation_failed');
  });

  it('R353: are never two in use, however many are put into use at once', async () => {
    const forms = await Forms.ofNewApp();
    const ids = await Promise.all(Array.from({ length: 6 }, () => forms.create('signup', [], false)));
    const answers = await Promise.all(ids.map((id) => forms.call('POST', `/${id}/activate`)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    const { appId } = forms.tenant.scope;
    const rows = await view.query<{ status: string; number: number }>(
      `SELECT status, number FROM form_configs WHERE app_id = '${appId}' ORDER BY number`,
    );
    expect(rows.filter(({ status }) => status === 'active')).toHaveLength(1);
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, object]>([
    ['a reserved name', { name: 'password', type: 'text' }],
    ['a broken pattern', { name: 'a', type: 'text', validation: { pattern: '(' } }],
    ['a pattern beyond linear time', { name: 'a', type: 'text', validation: { pattern: '(a)\\1' } }],
    ['a choice without options', { name: 'a', type: 'select' }],
  ])('R349, R350: with %s are refused with what is wrong and where', async (_, field) => {
    const forms = await Forms.ofNewApp();
    const refused = await forms.call('POST', '', { form_type: 'signup', fields: [field] });
    expectProblem(refused, 422, 'form_definition_invalid');
    expect(refused.body.errors).toEqual([expect.objectContaining({ path: expect.stringMatching(/^fields\.0/) })]);
  });

  it.each<[string, unknown]>([
    ['no list', 'plan'],
    ['a text for a field', ['plan']],
    ['an unknown type', [{ name: 'a', type: 'file' }]],
    ['an option that is a number', [{ name: 'a', type: 'select', options: [1] }]],
    ['a bound that is a text', [{ name: 'a', type: 'number', validation: { min: '1' } }]],
  ])('with fields that are %s are refused', async (_, fields) => {
    const forms = await Forms.ofNewApp();
    expectProblem(await forms.call('POST', '', { form_type: 'signup', fields }), 400, 'validation_failed');
  });

  it('can be tried with answers, and keep nothing of them', async () => {
    const forms = await Forms.ofNewApp();
    const id = await forms.create('signup', [PLAN, SEATS], false);
    const wrong = await forms.call('POST', `/${id}/validate`, { metadata: { plan: 'gold' } });
    expect(wrong.body).toMatchObject({ valid: false, errors: [{ path: 'metadata.plan', code: 'option' }] });
    const right = await forms.call('POST', `/${id}/validate`, { metadata: { plan: 'pro' } });
    expect(right.body).toEqual({ valid: true, metadata: { plan: 'pro', seats: 1 } });
  });

  it('R302: leave an audit entry for each change', async () => {
    const forms = await Forms.ofNewApp();
    const id = await forms.create('signup', []);
    await forms.call('POST', `/${id}/deactivate`);
    await forms.call('DELETE', `/${id}`);
    const entries = await view.query<{ action: string }>(
      `SELECT action FROM audit_entries WHERE target_id = '${id}' ORDER BY id`,
    );
    expect(entries.map(({ action }) => action)).toEqual([
      'form_config.create',
      'form_config.activate',
      'form_config.deactivate',
      'form_config.delete',
    ]);
  });
});
