import { Injectable } from '@nestjs/common';
import { type Actor, AuditTrail } from '../../kernel/audit/audit-trail.js';
import { Clock } from '../../kernel/clock/clock.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import { Events } from '../../kernel/events/events.js';
import { IdGenerator, type Id } from '../../kernel/ids/id.js';
import { Database } from '../../kernel/persistence/database.js';
import '../billing.events.js';
import { MeterKeyTaken, MeterNotFound } from '../billing.problems.js';
import type { MeterEntity } from './meter.entity.js';
import { BUILT_IN_METERS, type MeterDefinition } from './meter.rules.js';
import { MetersRepository } from './meters.repository.js';

/** How usage events add up: the meters that are built in, and an environment's own. */
@Injectable()
export class MetersService {
  constructor(
    private readonly meters: MetersRepository,
    private readonly database: Database,
    private readonly events: Events,
    private readonly audit: AuditTrail,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
  ) {}

  /** It counts what is recorded from now on. @throws MeterKeyTaken */
  create(scope: EnvScope, { groupBy, ...input }: MeterDefinition, actor: Actor): Promise<MeterEntity> {
    return this.database.transaction(async () => {
      if (BUILT_IN_METERS.some(({ key }) => key === input.key)) throw new MeterKeyTaken();
      const id = this.ids.next('meter');
      const meter = await this.meters.insert(scope, {
        ...input,
        id,
        groupBy: [...groupBy],
        createdAt: this.clock.now(),
      });
      await this.record(scope, 'billing.meter.created', meter, actor);
      return meter;
    });
  }

  /** Plans that name it keep what it has counted. @throws MeterNotFound */
  delete(scope: EnvScope, id: Id<'meter'>, actor: Actor): Promise<void> {
    return this.database.transaction(async () => {
      const meter = await this.meters.find(scope, id);
      if (meter === null) throw new MeterNotFound();
      await this.record(scope, 'billing.meter.deleted', meter, actor);
      await this.meters.delete(scope, id);
    });
  }

  /** An environment's own. */
  own(scope: EnvScope): Promise<MeterEntity[]> {
    return this.meters.all(scope);
  }

  /** By key, built in or an environment's own. */
  async find(scope: EnvScope, key: string): Promise<MeterDefinition | undefined> {
    return BUILT_IN_METERS.find((meter) => meter.key === key) ?? (await this.meters.findByKey(scope, key)) ?? undefined;
  }

  private async record(
    scope: EnvScope,
    event: 'billing.meter.created' | 'billing.meter.deleted',
    { id, key }: MeterEntity,
    actor: Actor,
  ): Promise<void> {
    await this.events.record(scope, event, id, { meter_id: id, meter_key: key });
    this.audit.record(scope, { action: event, actor, target: { type: 'meter', id } });
  }
}
