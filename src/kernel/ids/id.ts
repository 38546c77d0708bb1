import { TypeID, typeid } from 'typeid-js';
import { MalformedId } from '../errors/common-problems.js';
import { ID_PREFIXES, type IdKind } from './id-prefixes.js';

declare const kind: unique symbol;

/** A TypeID (prefix, underscore, UUIDv7 in base 32) of one kind. Sorts by creation time; is never a credential. */
export type Id<K extends IdKind> = string & { readonly [kind]: K };

/** Makes identifiers. A port, so that tests can make them predictable. */
export abstract class IdGenerator {
  abstract next<K extends IdKind>(of: K): Id<K>;
}

export class TypeIdGenerator extends IdGenerator {
  override next<K extends IdKind>(of: K): Id<K> {
    return typeid<string>(ID_PREFIXES[of]).toString() as Id<K>;
  }
}

export function isId<K extends IdKind>(of: K, raw: unknown): raw is Id<K> {
  if (typeof raw !== 'string' || !raw.startsWith(`${ID_PREFIXES[of]}_`)) return false;
  try {
    TypeID.fromString(raw, ID_PREFIXES[of]);
    return true;
  } catch {
    return false;
  }
}

/** @throws MalformedId when `raw` is not an identifier of that kind. */
export function parseId<K extends IdKind>(of: K, raw: unknown): Id<K> {
  if (isId(of, raw)) return raw;
  throw new MalformedId({ detail: `expected an identifier that starts with ${ID_PREFIXES[of]}_` });
}

/** The id of what there is one of per thing: the same but for its prefix. */
export function siblingId<K extends IdKind>(of: K, id: string): Id<K> {
  return (ID_PREFIXES[of] + id.slice(id.indexOf('_'))) as Id<K>;
}
