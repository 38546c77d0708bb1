import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EnvironmentParts, type EnvironmentPart, type PartDocument } from '../../environments/environment-parts.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { KeyLimits, KeyRestrictions } from '../../keys-bridge/key-manager.js';
import type { SettingAuthor } from '../../settings/settings.service.js';
import { KeyPoliciesService } from './key-policies.service.js';

/** The policies of an environment by their names. The keys under them are no configuration, and stay where they are. */
@Injectable()
export class KeyPolicyPart implements EnvironmentPart, OnModuleInit {
  readonly kind = 'key_policy';

  constructor(
    private readonly parts: EnvironmentParts,
    private readonly policies: KeyPoliciesService,
  ) {}

  onModuleInit(): void {
    this.parts.register(this);
  }

  async read(scope: EnvScope): Promise<ReadonlyMap<string, PartDocument>> {
    const policies = await this.policies.all(scope);
    return new Map(
      policies.map(({ name, description, limits, allow, allowedScopes, maxLifetimeS, rotationPeriodS, graceS }) => [
        name,
        {
          description,
          limits,
          allow,
          allowed_scopes: allowedScopes,
          max_lifetime_s: maxLifetimeS,
          rotation_period_s: rotationPeriodS,
          grace_s: graceS,
        },
      ]),
    );
  }

  async ids(scope: EnvScope): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.policies.all(scope)).map(({ name, id }): [string, string] => [name, id]));
  }

  /** One that keys stand under stays, whatever the document says. */
  async write(
    scope: EnvScope,
    name: string,
    document: PartDocument | undefined,
    { actor }: SettingAuthor,
  ): Promise<void> {
    const known = await this.policies.findByName(scope, name);
    if (document === undefined) {
      if (known !== undefined && !(await this.policies.isUsed(scope, known.id)))
        await this.policies.delete(scope, known.id, actor);
      return;
    }
    const terms = {
      name,
      description: document.description as string,
      limits: document.limits as KeyLimits,
      allow: document.allow as KeyRestrictions,
      allowedScopes: document.allowed_scopes as string[],
      maxLifetimeS: document.max_lifetime_s as number | null,
      rotationPeriodS: document.rotation_period_s as number | null,
      graceS: document.grace_s as number | null,
    };
    if (known === undefined) await this.policies.create(scope, terms, actor);
    else await this.policies.replace(scope, known.id, terms, undefined, actor);
  }
}
