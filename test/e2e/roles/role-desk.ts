import type { Answer, SignedIn } from '../../support/api-client.js';
import type { TestApp, TestTenant } from '../../support/test-app.js';

interface RoleInput {
  readonly parent?: string;
  /** Each as `action resource`. */
  readonly permits?: readonly string[];
}

/** What an operator of an app does with its roles, in few words. */
export class RoleDesk {
  private constructor(
    readonly app: TestApp,
    readonly tenant: TestTenant,
    readonly operator: string,
  ) {}

  static async open(app: TestApp, tenant?: TestTenant): Promise<RoleDesk> {
    const found = tenant ?? (await app.createTenant());
    return new RoleDesk(app, found, await app.operatorOf(found.scope.appId));
  }

  /** Calls as the operator; `env_id` names the environment where it is not the default one. */
  call(method: string, path: string, body?: object, on: TestApp = this.app): Promise<Answer> {
    const query = { app_id: this.tenant.scope.appId, env_id: this.tenant.scope.envId };
    return on.api.request(method, path, { token: this.operator, query, ...(body && { body }) });
  }

  /** @returns the id of a new role. */
  async role(slug: string, { parent, permits = [] }: RoleInput = {}): Promise<string> {
    const made = await this.call('POST', '/v1/roles', { name: slug, slug, ...(parent && { parent_id: parent }) });
    if (made.status !== 201) throw new Error(made.text);
    const id = made.body.id as string;
    for (const text of permits) await this.permit(id, text);
    return id;
  }

  async permit(roleId: string, text: string): Promise<string> {
    const [action, resource] = text.split(' ');
    const answer = await this.call('POST', `/v1/roles/${roleId}/permissions`, { action, resource });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.id as string;
  }

  /** @returns the id of one of the roles that the environment began with. */
  async systemRole(slug: string): Promise<string> {
    const { body } = await this.call('GET', '/v1/roles');
    const found = (body.roles as { id: string; slug: string }[]).find((role) => role.slug === slug);
    if (found === undefined) throw new Error(`no role ${slug}`);
    return found.id;
  }

  assign(roleId: string, { userId }: Pick<SignedIn, 'userId'>, orgId?: string): Promise<Answer> {
    return this.call('POST', `/v1/roles/${roleId}/assign`, { user_id: userId, ...(orgId && { org_id: orgId }) });
  }

  unassign(roleId: string, { userId }: Pick<SignedIn, 'userId'>, orgId?: string): Promise<Answer> {
    return this.call('POST', `/v1/roles/${roleId}/unassign`, { user_id: userId, ...(orgId && { org_id: orgId }) });
  }

  person(): Promise<SignedIn> {
    return this.app.api.signUp(this.tenant);
  }

  /** Whether the person may, as they are told themselves. */
  async may(
    { token }: Pick<SignedIn, 'token'>,
    text: string,
    orgId?: string,
    on: TestApp = this.app,
  ): Promise<unknown> {
    return (await this.ask({ token }, text, orgId, on)).body.allowed;
  }

  ask({ token }: Pick<SignedIn, 'token'>, text: string, orgId?: string, on: TestApp = this.app): Promise<Answer> {
    const [action, resource] = text.split(' ');
    const body = { action, resource, explain: true, ...(orgId && { org_id: orgId }) };
    return on.api.post('/v1/permissions/check', { token, body });
  }

  /** @returns the id of an organization that the person owns. */
  async organization({ token }: Pick<SignedIn, 'token'>): Promise<string> {
    const { body } = await this.app.api.post('/v1/orgs', { token, body: { name: 'Engines' } });
    return body.id as string;
  }

  async addMember(
    owner: Pick<SignedIn, 'token'>,
    orgId: string,
    { userId }: SignedIn,
    role = 'member',
  ): Promise<string> {
    const body = { user_id: userId, role };
    const answer = await this.app.api.post(`/v1/orgs/${orgId}/members`, { token: owner.token, body });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.id as string;
  }
}
