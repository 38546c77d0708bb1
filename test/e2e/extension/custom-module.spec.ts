import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Controller, Get, Module } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuthenticationStrategies,
  AuthenticationStrategy,
  createApp,
  loadConfig,
  problemCatalogue,
  UsersService,
} from '../../../src/index.js';
import { type Answer, PASSWORD } from '../../support/api-client.js';
import { OwnerView } from '../../support/owner-view.js';
import { TestApp, type TestTenant } from '../../support/test-app.js';
import { AcmeModule } from './acme.module.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

describe('a module of somebody else’s', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await TestApp.start({ app: { extensions: [AcmeModule] } });
    tenant = await app.createTenant();
  });
  afterAll(() => app.close());

  const issueBadge = (token: string | undefined): Promise<Answer> =>
    app.api.post('/v1/acme/badges', token === undefined ? {} : { token });
  const meWith = (badge: string): Promise<Answer> => app.api.get('/v1/me', { headers: { 'x-acme-badge': badge } });

  it('its routes pass the same guard: without a session 401, with one the caller is known', async () => {
    expect((await issueBadge(undefined)).body).toMatchObject({ status: 401, type: 'authentication_required' });
    const ada = await app.api.signUp(tenant, { email: 'ada@acme.example' });
    const issued = await issueBadge(ada.token);
    expect(issued.status).toBe(201);
    expect(issued.body.badge).toMatch(/^[0-9a-f]{64}$/);
  });

  it('its strategy opens every route that requires a session, for the person who holds the badge', async () => {
    const bob = await app.api.signUp(tenant, { email: 'bob@acme.example' });
    const { badge } = (await issueBadge(bob.token)).body as { badge: string };
    expect((await meWith(badge)).body).toMatchObject({ id: bob.userId, email: 'bob@acme.example' });
    expect((await meWith('not a badge')).status).toBe(401);
    expect((await app.api.get('/v1/me', { headers: { 'x-acme-badge': badge }, token: '0'.repeat(64) })).status).toBe(
      401,
    );
  });

  it('its badge follows the account: a ban closes it', async () => {
    const eve = await app.api.signUp(tenant, { email: 'eve@acme.example' });
    const { badge } = (await issueBadge(eve.token)).body as { badge: string };
    const owner = await app.platformOwner();
    const banned = await app.api.post(`/v1/admin/users/${eve.userId}/ban`, {
      token: owner,
      query: { app_id: tenant.scope.appId },
      body: { reason: 'test' },
    });
    expect(banned.status).toBe(200);
    expect((await meWith(badge)).status).toBe(401);
  });

  it('a strategy that fails ends the request, not the process', async () => {
    app.get(AuthenticationStrategies).use(new BrokenStrategy());
    const answer = await app.api.get('/v1/me', { headers: { 'x-broken': '1' } });
    expect(answer.body).toMatchObject({ status: 500, type: 'internal_error' });
    expect(answer.text).not.toContain('marker');
    expect((await app.api.get('/v1/me')).status).toBe(401);
  });

  it('its hook vetoes a sign-up with its own problem, and nothing is stored', async () => {
    // The document cannot know what extensions refuse: this answer is not held against it.
    const response = await app.nest.inject({
      method: 'POST',
      url: '/v1/signup',
      headers: { 'x-publishable-key': tenant.publishableKey },
      payload: { email: 'mallory@elsewhere.example', password: PASSWORD },
    });
    expect([response.statusCode, response.json()]).toMatchObject([403, { type: 'acme_not_one_of_us', code: 403 }]);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(await app.get(UsersService).findByEmail(tenant.scope, 'mallory@elsewhere.example')).toBeUndefined();
  });

  it('its subscriber takes part in the change: its own event is written with it', async () => {
    const gil = await app.api.signUp(tenant, { email: 'gil@acme.example' });
    const facts = await factsAbout(gil.userId);
    expect(facts).toEqual(expect.arrayContaining(['user.created', 'acme.member_joined']));
  });

  it('its problems and routes are in the catalogues like everybody’s', async () => {
    expect(problemCatalogue().map(({ code }) => code)).toContain('acme_not_one_of_us');
    const document = await app.api.get('/.well-known/authsome/openapi');
    const paths = document.body.paths as Record<string, { post?: Record<string, unknown> }>;
    expect(paths['/v1/acme/badges']?.post).toMatchObject({
      'x-access': { kind: 'session', fresh: false, impersonators: false },
    });
  });

  async function factsAbout(subjectId: string): Promise<string[]> {
    const view = await OwnerView.open(app.database);
    const rows = await view.query<{ name: string }>('SELECT name FROM outbox WHERE subject_id = $1', [subjectId]);
    await view.close();
    return rows.map(({ name }) => name);
  }
});

describe('an extension that is not finished', () => {
  const config = loadConfig({
    AUTHSOME_DATABASE_URL: 'postgres://localhost/unused',
    AUTHSOME_PUBLIC_URL: 'https://auth.test',
    AUTHSOME_SECRETS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    AUTHSOME_HASH_MEMORY_KIB: '64',
    AUTHSOME_LOG_LEVEL: 'silent',
  });
  const boot = async (...extensions: (new () => object)[]): Promise<void> => {
    const app = await createApp(config, { extensions });
    try {
      await app.init();
    } finally {
      await app.close().catch(() => undefined);
    }
  };

  it('a route without an access rule stops the boot, with its name', async () => {
    await expect(boot(ForgetfulModule)).rejects.toThrow(
      'these routes have no access rule: ForgetfulController.everything, ForgetfulController.more',
    );
  });

  it('an extension that fails at start stops the boot, with its words', async () => {
    await expect(boot(FailingModule)).rejects.toThrow('no acme server');
  });
});

describe('docs/extending.md', () => {
  it('shows the module that is tested here, word for word', () => {
    const source = readFileSync(path.join(import.meta.dirname, 'acme.module.ts'), 'utf8');
    const shown = source.replaceAll("'../../../src/index.js'", "'authsome'");
    const page = readFileSync(path.join(ROOT, 'docs/extending.md'), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${shown}\`\`\`\n`);
  });
});

class BrokenStrategy extends AuthenticationStrategy {
  readonly name = 'broken';

  async authenticate({ headers }: FastifyRequest): Promise<void> {
    await Promise.resolve();
    if (headers['x-broken'] !== undefined) throw new Error('marker');
    this.verdict.pass();
  }
}

@Controller('v1/forgetful')
class ForgetfulController {
  @Get()
  everything(): string {
    return 'everything';
  }

  @Get('more')
  more(): string {
    return 'more';
  }
}

@Module({ controllers: [ForgetfulController] })
class ForgetfulModule {}

@Module({})
class FailingModule {
  onModuleInit(): void {
    throw new Error('no acme server');
  }
}
