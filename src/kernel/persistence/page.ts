import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from '../crypto/key-ring.js';
import { equalInConstantTime } from '../crypto/token.js';
import { defineProblem } from '../errors/problem.js';

export const MalformedCursor = defineProblem({
  code: 'malformed_cursor',
  kind: 'invalid',
  title: 'The cursor does not belong to this list',
  detail: 'pass next_cursor unchanged, to the same list with the same filters',
});

/** What a list is asked for. */
export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface Page<Row> {
  readonly items: Row[];
  readonly nextCursor?: string;
}

const MAC_BYTES = 12;

/**
 * Opaque cursors: the last key of a page, authenticated together with the list it belongs to (tenant and filter), so that a
 * cursor of another tenant or a changed one is refused (R175).
 */
@Injectable()
export class Cursors {
  constructor(private readonly keys: KeyRing) {}

  /** @param list names the list, its tenant and its filter. */
  encode(list: string, lastKey: string): string {
    const key = Buffer.from(lastKey);
    return Buffer.concat([this.mac(list, key), key]).toString('base64url');
  }

  /** @throws MalformedCursor */
  decode(list: string, cursor: string): string {
    const bytes = Buffer.from(cursor, 'base64url');
    const key = bytes.subarray(MAC_BYTES);
    const known = this.keys.ids.some((id) =>
      equalInConstantTime(this.mac(list, key, id), bytes.subarray(0, MAC_BYTES)),
    );
    if (!known) throw new MalformedCursor();
    return key.toString();
  }

  /** Cuts a page out of `limit + 1` rows read in key order. */
  page<Row>(list: string, limit: number, rows: Row[], keyOf: (row: Row) => string): Page<Row> {
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return rows.length > limit && last !== undefined
      ? { items, nextCursor: this.encode(list, keyOf(last)) }
      : { items };
  }

  private mac(list: string, key: Buffer, keyId: string = this.keys.activeId): Buffer {
    return createHmac('sha256', this.keys.derive('cursor', keyId) as Buffer)
      .update(`${list}\0`)
      .update(key)
      .digest()
      .subarray(0, MAC_BYTES);
  }
}
