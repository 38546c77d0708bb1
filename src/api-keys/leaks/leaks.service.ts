import { Inject, Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { AuditTrail, SYSTEM_ACTOR } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import { type EnvScope, scopeTo } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { Database } from '../../kernel/persistence/database.js';
import { BuiltinKeyManager } from '../../keys-bridge/builtin.key-manager.js';
import { type KeyManager, SERVICE_KEYS } from '../../keys-bridge/key-manager.js';
import { KeyManagerNotAvailable } from '../../keys-bridge/keys-bridge.problems.js';
import { settingPlace } from '../../settings/setting-place.js';
import { SettingsReader } from '../../settings/settings-reader.js';
import { type LeakPolicy, ON_LEAK } from '../api-key-settings.js';
import '../api-keys.events.js';
import { ApiKeysRepository, type ShownKey } from '../api-keys.repository.js';
import { ApiKeysService } from '../api-keys.service.js';
import { EmbeddedKeyManager } from '../embedded.key-manager.js';
import { flawOf, hashKey } from '../key-format.js';
import { KeyLookupSystemRepository } from '../key-lookup.system-repository.js';
import type { ApiKeySecretEntity } from '../secrets/api-key-secret.entity.js';
import { LeakMails } from './leak-mails.js';
import { LeakedSecretsRepository } from './leaked-secrets.repository.js';

/** What somebody found, and where. */
export interface Leak {
  readonly token: string;
  readonly url?: string | undefined;
  readonly source?: string | undefined;
}

type LeakAction = 'revoked' | 'suspended' | 'none';

/** Ends keys that were found in public, and tells those who answer for them. */
@Injectable()
export class LeaksService {
  constructor(
    @Inject(SERVICE_KEYS) private readonly manager: KeyManager,
    private readonly embedded: EmbeddedKeyManager,
    private readonly lookup: KeyLookupSystemRepository,
    private readonly keys: ApiKeysRepository,
    private readonly secrets: LeakedSecretsRepository,
    private readonly service: ApiKeysService,
    private readonly mails: LeakMails,
    private readonly settings: SettingsReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Of every find, in order, whether it is a key that was issued here, whatever became of it since. What follows from each is a transaction of
   * its own; a report that is sent again, or failed half way, does nothing twice.
   * @throws KeyManagerNotAvailable where keys are kept elsewhere: they would be taken for false finds.
   */
  async report(leaks: readonly Leak[]): Promise<boolean[]> {
    const isHere = this.manager === this.embedded || this.manager instanceof BuiltinKeyManager;
    if (!isHere) throw new KeyManagerNotAvailable();
    const verdicts: boolean[] = [];
    for (const leak of leaks) verdicts.push(await this.judge(leak));
    return verdicts;
  }

  private async judge(leak: Leak): Promise<boolean> {
    if (flawOf(leak.token, this.config.keys.foreignPrefixes) !== undefined) return false;
    const hash = hashKey(leak.token);
    const found = await this.lookup.anyTenantByHash(hash, this.clock.now());
    if (found === undefined) return false;
    if (found.state !== 'revoked') await this.act(scopeTo.env(found.appId, found.envId), found.id, hash, leak);
    return true;
  }

  private act(scope: EnvScope, id: string, hash: Buffer, leak: Leak): Promise<void> {
    return this.database.transaction(async () => {
      const key = await this.keys.lock(scope, id);
      // Read after the lock: a rotation may have come first.
      const secret = await this.secrets.find(scope, id, hash);
      if (key === undefined || secret === undefined || key.state === 'revoked' || this.isOver(secret)) return;
      const policy = await this.settings.value(settingPlace.environment(scope), ON_LEAK);
      const isNew = await this.secrets.mark(scope, secret.id, this.clock.now());
      const action = await this.enforce(scope, key, policy);
      if (!isNew && action === 'none') return;
      await this.record(scope, key, secret, action, leak);
    });
  }

  /** A secret whose grace has ended opens nothing, and says nothing about the one that took its place. */
  private isOver({ kind, notAfter }: ApiKeySecretEntity): boolean {
    return kind === 'grace' && (notAfter === null || notAfter <= this.clock.now());
  }

  /**
   * The key as a whole, whichever of its secrets leaked. There is no policy that rotates: nobody is there to be handed the new secret, so the
   * key would be as good as revoked while it looked alive. A suspended one can be rotated by its owner, and goes on.
   */
  private async enforce(scope: EnvScope, { id, state }: ShownKey, policy: LeakPolicy): Promise<LeakAction> {
    switch (policy) {
      case 'revoke':
        await this.service.revoke(scope, id, 'leaked', undefined, SYSTEM_ACTOR);
        return 'revoked';
      case 'suspend':
        if (state === 'suspended') return 'none';
        await this.service.suspend(scope, id, undefined, SYSTEM_ACTOR);
        return 'suspended';
      case 'notify':
        return 'none';
    }
  }

  private async record(
    scope: EnvScope,
    key: ShownKey,
    secret: ApiKeySecretEntity,
    action: LeakAction,
    leak: Leak,
  ): Promise<void> {
    const { id, ownerKind, ownerId, name } = key;
    const found = foundAt(leak);
    const place = {
      ...(found.source === undefined ? {} : { leak_source: found.source }),
      ...(found.url === undefined ? {} : { leak_url: found.url }),
    };
    const facts = { secret: secret.kind, leak_action: action, ...place };
    const payload = { api_key_id: id, owner_kind: ownerKind, owner_id: ownerId, ...facts };
    await this.events.record(scope, 'api_key.leaked', id, payload);
    this.audit.record(scope, {
      action: 'api_key.leaked',
      actor: SYSTEM_ACTOR,
      target: { type: 'api_key', id },
      metadata: { owner_id: ownerId, ...facts },
    });
    const keyHint = `${secret.start}…${secret.lastFour}`;
    await this.mails.tell(scope, key, { keyName: name, keyHint, url: found.url, action });
  }
}

/** Where it was found; a key that is part of the address does not go with it. */
function foundAt({ token, url, source }: Leak): Pick<Leak, 'url' | 'source'> {
  const clean = (text: string | undefined): string | undefined => text?.replaceAll(token, '***') || undefined;
  return { url: clean(url), source: clean(source) };
}
