import { UsersService } from '../../../src/users/users.service.js';
import { SYSTEM_ACTOR } from '../../../src/kernel/audit/audit-trail.js';
import type { Id } from '../../../src/kernel/ids/id.js';
import { type Answer, type SignedIn, uniqueEmail } from '../../support/api-client.js';
import { tokenOf } from '../../support/recording-mailer.js';
import type { TestApp, TestTenant } from '../../support/test-app.js';

export interface Founded {
  readonly orgId: string;
  readonly owner: SignedIn;
}

/** People of one environment and their organizations, in few words. */
export class Office {
  private constructor(
    readonly app: TestApp,
    readonly tenant: TestTenant,
  ) {}

  static async open(app: TestApp, tenant?: TestTenant): Promise<Office> {
    return new Office(app, tenant ?? (await app.createTenant()));
  }

  person(email = uniqueEmail()): Promise<SignedIn> {
    return this.app.api.signUp(this.tenant, { email });
  }

  /** Somebody who has proved the address. */
  async verified(email = uniqueEmail()): Promise<SignedIn> {
    const person = await this.person(email);
    const id = person.userId as Id<'user'>;
    await this.app.get(UsersService).verifyEmail(this.tenant.scope, id, email, SYSTEM_ACTOR);
    return person;
  }

  as({ token }: Pick<SignedIn, 'token'>, method: string, path: string, body?: unknown, on = this.app): Promise<Answer> {
    return on.api.request(method, path, { token, ...(body !== undefined && { body }) });
  }

  /** Calls as an operator of the app. */
  async asOperator(method: string, path: string, body?: unknown): Promise<Answer> {
    const token = await this.app.operatorOf(this.tenant.scope.appId);
    const query = { app_id: this.tenant.scope.appId, env_id: this.tenant.scope.envId };
    return this.app.api.request(method, path, { token, query, ...(body !== undefined && { body }) });
  }

  async found(name = 'Engines'): Promise<Founded> {
    const owner = await this.person();
    const made = await this.as(owner, 'POST', '/v1/orgs', { name });
    if (made.status !== 201) throw new Error(made.text);
    return { orgId: made.body.id as string, owner };
  }

  add({ orgId, owner }: Founded, { userId }: SignedIn, role = 'member'): Promise<Answer> {
    return this.as(owner, 'POST', `/v1/orgs/${orgId}/members`, { user_id: userId, role });
  }

  /** @returns a new member, and the id of their place. */
  async member(founded: Founded, role = 'member'): Promise<{ readonly person: SignedIn; readonly memberId: string }> {
    const person = await this.verified();
    const added = await this.add(founded, person, role);
    if (added.status !== 201) throw new Error(added.text);
    return { person, memberId: added.body.id as string };
  }

  async memberIdOf({ orgId }: Founded, asker: SignedIn, { userId }: SignedIn): Promise<string> {
    const { body } = await this.as(asker, 'GET', `/v1/orgs/${orgId}/members`);
    const found = (body.members as { id: string; user_id: string }[]).find((member) => member.user_id === userId);
    if (found === undefined) throw new Error('no such member');
    return found.id;
  }

  invite({ orgId, owner }: Founded, body: object, by: SignedIn = owner): Promise<Answer> {
    return this.as(by, 'POST', `/v1/orgs/${orgId}/invitations`, body);
  }

  /** @returns the id of an invitation and the secret of its mail. */
  async invited(
    founded: Founded,
    email: string,
    more: object = {},
    by = founded.owner,
  ): Promise<{ id: string; token: string }> {
    const answer = await this.invite(founded, { email, ...more }, by);
    if (answer.status !== 201) throw new Error(answer.text);
    return { id: answer.body.id as string, token: await this.mailed(email) };
  }

  async mailed(email: string): Promise<string> {
    await this.app.drain();
    return tokenOf(this.app.mailer.last(email, 'organization_invitation'));
  }

  accept(person: SignedIn, token: string, more: object = {}, on = this.app): Promise<Answer> {
    return this.as(person, 'POST', '/v1/orgs/invitations/accept', { token, ...more }, on);
  }

  async stateOf({ orgId, owner }: Founded, id: string): Promise<unknown> {
    return (await this.as(owner, 'GET', `/v1/orgs/${orgId}/invitations/${id}`)).body.status;
  }

  /** Sets a setting at the level of the organization. */
  async set({ orgId }: Founded, key: string, value: unknown): Promise<void> {
    const body = { scope: 'organization', scope_id: orgId, app_id: this.tenant.scope.appId, value };
    const answer = await this.asOperator('PUT', `/v1/admin/settings/values/${key}`, body);
    if (answer.status !== 200) throw new Error(answer.text);
  }
}
