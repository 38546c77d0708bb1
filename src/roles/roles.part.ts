import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EnvironmentParts, type EnvironmentPart, type PartDocument } from '../environments/environment-parts.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import type { SettingAuthor } from '../settings/settings.service.js';
import type { Grant } from './permission.rules.js';
import type { RoleManager } from './role-manager.js';
import type { RolePermissionEntity } from './role-permission.entity.js';
import { RolePermissionsRepository } from './role-permissions.repository.js';
import type { RoleEntity } from './role.entity.js';
import { RoleNotFound } from './roles.problems.js';
import { RolesRepository } from './roles.repository.js';
import { RolesService } from './roles.service.js';
import { isSystemGrant } from './system-roles.js';

/** Between an action and a resource, neither of which can hold one. */
const SEPARATOR = ' ';

/** The roles of an environment by their slugs, those above first. Of a system role only what was added to it travels. */
@Injectable()
export class RolePart implements EnvironmentPart, OnModuleInit {
  readonly kind = 'role';

  constructor(
    private readonly parts: EnvironmentParts,
    private readonly roles: RolesRepository,
    private readonly permissions: RolePermissionsRepository,
    private readonly service: RolesService,
  ) {}

  onModuleInit(): void {
    this.parts.register(this);
  }

  async read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>> {
    const roles = await this.roles.all(scope);
    const permissions = await this.permissions.all(scope);
    const slugs = new Map(roles.map(({ id, slug }) => [id, slug]));
    const documents = parentsFirst(roles).map((role): [string, PartDocument] => {
      const granted = permissions.filter(({ roleId }) => roleId === role.id);
      const added = granted
        .filter((grant) => !role.system || !isSystemGrant(role.slug, grant))
        .map(toText)
        .sort();
      if (role.system) return [role.slug, { permissions: added }];
      const { name, description, parentId } = role;
      const parent = parentId === null ? undefined : slugs.get(parentId);
      return [
        role.slug,
        {
          name,
          ...(description === null ? {} : { description }),
          ...(parent === undefined ? {} : { parent }),
          permissions: added,
        },
      ];
    });
    return new Map(documents);
  }

  async ids(scope: EnvScope): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.roles.all(scope)).map(({ slug, id }) => [slug, id]));
  }

  async write(
    scope: EnvScope,
    key: string,
    document: PartDocument | undefined,
    { actor }: SettingAuthor,
  ): Promise<void> {
    const by: RoleManager = { actor, userId: null };
    const known = await this.roles.findBySlug(scope, key);
    if (document === undefined) {
      if (known !== null) await this.service.delete(scope, known.id, by);
      return;
    }
    const role = await this.writeRole(scope, key, known, document, by);
    await this.writePermissions(scope, role, document.permissions as readonly string[], by);
  }

  private async writeRole(
    scope: EnvScope,
    slug: string,
    known: RoleEntity | null,
    document: PartDocument,
    by: RoleManager,
  ): Promise<RoleEntity> {
    if (known?.system === true) return known;
    const name = document.name as string;
    const description = (document.description as string | undefined) ?? null;
    const parentId = await this.parentOf(scope, document);
    return known === null
      ? this.service.create(scope, { slug, name, description, parentId }, by)
      : this.service.update(scope, known.id, { name, description, parentId }, undefined, by);
  }

  private async parentOf(scope: EnvScope, { parent }: PartDocument): Promise<Id<'role'> | null> {
    if (parent === undefined) return null;
    const found = await this.roles.findBySlug(scope, parent as string);
    if (found === null) throw new RoleNotFound({ detail: `parent role ${parent as string} not found` });
    return found.id;
  }

  private async writePermissions(
    scope: EnvScope,
    role: RoleEntity,
    wanted: readonly string[],
    by: RoleManager,
  ): Promise<void> {
    const all = (await this.permissions.all(scope)).filter(({ roleId }) => roleId === role.id);
    for (const permission of all) {
      const stays = wanted.includes(toText(permission)) || (role.system && isSystemGrant(role.slug, permission));
      if (!stays) await this.service.removePermission(scope, role.id, permission.id, by);
    }
    const had = all.map(toText);
    for (const text of wanted.filter((one) => !had.includes(one))) {
      await this.service.addPermission(scope, role.id, toGrant(text), by);
    }
  }
}

function toText({ action, resource }: RolePermissionEntity | Grant): string {
  return action + SEPARATOR + resource;
}

function toGrant(text: string): Grant {
  const [action = '', resource = ''] = text.split(SEPARATOR);
  return { action, resource };
}

/** So that a role is written after the one it stands under. */
function parentsFirst(roles: readonly RoleEntity[]): RoleEntity[] {
  const byId = new Map(roles.map((role) => [role.id, role]));
  const depth = (role: RoleEntity): number => {
    const parent = role.parentId === null ? undefined : byId.get(role.parentId);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  return [...roles].sort((a, b) => depth(a) - depth(b) || (a.slug < b.slug ? -1 : 1));
}
