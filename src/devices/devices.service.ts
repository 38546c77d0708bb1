import { createHash } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PreconditionFailed } from '../http/etag.js';
import { type Actor, AuditTrail } from '../kernel/audit/audit-trail.js';
import { Clock } from '../kernel/clock/clock.js';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { equalInConstantTime, hashToken, randomToken } from '../kernel/crypto/token.js';
import type { EventName } from '../kernel/events/event-map.js';
import { Events } from '../kernel/events/events.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Cursors, type Page, type PageRequest } from '../kernel/persistence/page.js';
import { USER_CHANGED } from '../users/users.service.js';
import type { DeviceEntity } from './device.entity.js';
import './devices.events.js';
import { DeviceNotFound } from './devices.problems.js';
import { DevicesRepository } from './devices.repository.js';
import { describeAgent } from './user-agent.js';

export interface SignedInDevice {
  readonly device: DeviceEntity;
  /** A new secret for the client to keep; absent when it showed the one it has. */
  readonly token?: string;
}

/** A trusted device, with its new secret when it is the one that asked. */
export interface TrustedDevice {
  readonly device: DeviceEntity;
  readonly token?: string;
}

type DeviceEvent = Extract<EventName, `device.${string}`>;

@Injectable()
export class DevicesService implements OnModuleInit {
  constructor(
    private readonly devices: DevicesRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.events.within('user.account_deleted', async (scope, { payload }) => {
      await this.devices.deleteAll(scope as EnvScope, payload.user_id);
    });
  }

  /** Whether the client showed the secret of a device of that user. */
  async isKnown(scope: EnvScope, userId: Id<'user'>, deviceToken: string | undefined): Promise<boolean> {
    return deviceToken !== undefined && (await this.devices.isKnown(scope, userId, hashToken(deviceToken)));
  }

  /** Whether a secret is that device's. */
  async isSecretOf(scope: EnvScope, userId: Id<'user'>, id: Id<'device'>, deviceToken: string): Promise<boolean> {
    const device = await this.devices.find(scope, userId, id);
    return device !== null && equalInConstantTime(device.secretHash, hashToken(deviceToken));
  }

  /**
   * Notes that a user signs in from a client, inside the transaction that signs them in.
   * @returns undefined when the client says nothing about itself.
   */
  async signIn(
    scope: EnvScope,
    userId: Id<'user'>,
    client: ClientInfo,
    actor: Actor,
  ): Promise<SignedInDevice | undefined> {
    const now = this.clock.now();
    if (client.deviceToken !== undefined) {
      const known = await this.devices.see(scope, userId, hashToken(client.deviceToken), now, client.ipAddress);
      if (known !== undefined) return { device: known };
    }
    const fingerprint = fingerprintOf(client);
    if (fingerprint === undefined) return undefined;
    const id = this.ids.next('device');
    const token = randomToken();
    const device = await this.devices.register(scope, {
      id,
      userId,
      fingerprint,
      secretHash: hashToken(token),
      ...describeAgent(client.userAgent),
      ipAddress: client.ipAddress ?? null,
      createdAt: now,
    });
    if (device.id === id) await this.record(scope, 'device.registered', device, actor);
    // The secret of a device that was known has been replaced: sessions bound to it are judged by the new one.
    else this.database.notify(USER_CHANGED + userId);
    return { device, token };
  }

  /** @throws DeviceNotFound */
  async get(scope: EnvScope, userId: Id<'user'>, id: Id<'device'>): Promise<DeviceEntity> {
    const device = await this.devices.find(scope, userId, id);
    if (device === null) throw new DeviceNotFound();
    return device;
  }

  /** A user's devices, newest first. @throws MalformedCursor */
  async list(scope: EnvScope, userId: Id<'user'>, { limit, cursor }: PageRequest): Promise<Page<DeviceEntity>> {
    const list = `devices/${scope.envId}/${userId}`;
    const before = cursor === undefined ? '' : this.cursors.decode(list, cursor);
    const rows = await this.devices.page(scope, userId, before, limit + 1);
    return this.cursors.page(list, limit, rows, (device) => device.id);
  }

  /** Every device, for the export of a person’s data. */
  listAll(scope: EnvScope, userId: Id<'user'>, most: number): Promise<DeviceEntity[]> {
    return this.devices.page(scope, userId, '', most);
  }

  /** @throws DeviceNotFound, PreconditionFailed */
  rename(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'device'>,
    name: string,
    version: number | undefined,
    actor: Actor,
  ): Promise<DeviceEntity> {
    return this.database.transaction(async () => {
      const device = await this.devices.rename(scope, userId, id, name, version, this.clock.now());
      if (device === undefined) {
        await this.get(scope, userId, id);
        throw new PreconditionFailed();
      }
      await this.record(scope, 'device.updated', device, actor);
      return device;
    });
  }

  /**
   * Trusts a device for the configured time.
   * @param current the device that asks, if known: when it trusts itself it gets a new secret, so that it certainly holds one.
   * @throws DeviceNotFound
   */
  trust(
    scope: EnvScope,
    userId: Id<'user'>,
    id: Id<'device'>,
    current: Id<'device'> | null,
    actor: Actor,
  ): Promise<TrustedDevice> {
    return this.database.transaction(async () => {
      const token = current === id ? randomToken() : undefined;
      const secretHash = token === undefined ? undefined : hashToken(token);
      const until = this.clock.in(this.config.devices.trustTtlMs);
      const device = await this.devices.trust(scope, userId, id, until, secretHash, this.clock.now());
      if (device === undefined) throw new DeviceNotFound();
      await this.record(scope, 'device.trusted', device, actor);
      this.database.notify(USER_CHANGED + userId);
      return token === undefined ? { device } : { device, token };
    });
  }

  /** Ends the trust in every device of a user: after a password change nobody is trusted for what they were before (R092). */
  distrustAll(scope: EnvScope, userId: Id<'user'>): Promise<void> {
    return this.devices.distrustAll(scope, userId, this.clock.now());
  }

  /** Removes a device; its sessions end with it. @throws DeviceNotFound */
  delete(scope: EnvScope, userId: Id<'user'>, id: Id<'device'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const device = await this.get(scope, userId, id);
      await this.record(scope, 'device.deleted', device, actor);
      await this.devices.delete(scope, userId, id);
    });
  }

  private async record(scope: EnvScope, event: DeviceEvent, { id, userId }: DeviceEntity, actor: Actor): Promise<void> {
    await this.events.record(scope, event, userId, { device_id: id, user_id: userId });
    this.audit.record(scope, { action: event, actor, target: { type: 'device', id } });
  }
}

function fingerprintOf({ fingerprint, userAgent }: ClientInfo): string | undefined {
  const claim = fingerprint ?? userAgent;
  return claim === undefined || claim === ''
    ? undefined
    : createHash('sha256').update(claim).digest('hex').slice(0, 32);
}
