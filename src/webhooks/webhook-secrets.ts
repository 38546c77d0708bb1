import { Injectable } from '@nestjs/common';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import type { Id } from '../kernel/ids/id.js';
import type { WebhookEntity } from './webhook.entity.js';

type Place = 'secret' | 'headers';

/** Seals what an endpoint shares with the service: the service must read it again to sign, and nobody else may (R310). */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly box: SealedBox) {}

  seal(id: Id<'webhook'>, secret: string): Buffer {
    return this.box.seal(secret, placeOf(id, 'secret'));
  }

  sealHeaders(id: Id<'webhook'>, headers: Readonly<Record<string, string>>): Buffer | null {
    return Object.keys(headers).length === 0 ? null : this.box.seal(JSON.stringify(headers), placeOf(id, 'headers'));
  }

  /** The secrets that sign at `now`, newest first. */
  live({ id, secretSealed, previousSecretSealed, overlapUntil }: WebhookEntity, now: Date): string[] {
    const overlaps = previousSecretSealed !== null && overlapUntil !== null && overlapUntil > now;
    return [secretSealed, ...(overlaps ? [previousSecretSealed] : [])].map((sealed) =>
      this.box.open(sealed, placeOf(id, 'secret')).toString(),
    );
  }

  headers({ id, headersSealed }: WebhookEntity): Record<string, string> {
    if (headersSealed === null) return {};
    return JSON.parse(this.box.open(headersSealed, placeOf(id, 'headers')).toString()) as Record<string, string>;
  }
}

function placeOf(id: Id<'webhook'>, place: Place): string {
  return `webhooks/${place}/${id}`;
}
