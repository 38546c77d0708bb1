import { Injectable, type PipeTransform } from '@nestjs/common';
import type { IdKind } from '../../kernel/ids/id-prefixes.js';
import { type Id, parseId } from '../../kernel/ids/id.js';

/** Parses a path parameter. @throws MalformedId */
@Injectable()
export class IdPipe<K extends IdKind> implements PipeTransform<unknown, Id<K>> {
  constructor(private readonly kind: K) {}

  transform(raw: unknown): Id<K> {
    return parseId(this.kind, raw);
  }
}
