import type { EnvScope } from '../kernel/context/scope.js';
import type { Page, PageRequest } from '../kernel/persistence/page.js';
import type {
  CreateKeyInput,
  ForeignSecret,
  KeyCapabilities,
  KeyFilter,
  KeyInfo,
  KeyManager,
  KeyResult,
  RotatedKey,
  RotateOptions,
  UpdateKeyInput,
  ValidatedKey,
  ValidateOptions,
} from './key-manager.js';
import { KeyFeatureUnsupported } from './keys-bridge.problems.js';

const PLAIN: KeyCapabilities = {
  limits: false,
  credits: false,
  restrictions: false,
  graceRotation: false,
  hierarchicalScopes: true,
  usage: true,
  policies: false,
};

/**
 * Plain keys without a bridge: they are kept in the service's own table, and have no limits, credits, restrictions or grace. What it cannot keep it
 * refuses; nothing that was promised to a key is dropped in silence. Scopes are enforced all the same: a scope that is stored and ignored is a trap.
 */
export class BuiltinKeyManager implements KeyManager {
  readonly name = 'builtin';

  /** @param table what keeps the keys. */
  constructor(private readonly table: KeyManager) {}

  capabilities(): KeyCapabilities {
    return PLAIN;
  }

  /** @throws KeyFeatureUnsupported */
  async createKey(scope: EnvScope, input: CreateKeyInput): Promise<KeyResult> {
    requirePlain(input);
    return this.table.createKey(scope, input);
  }

  /** @throws KeyFeatureUnsupported */
  async importKey(scope: EnvScope, input: CreateKeyInput, secret: ForeignSecret): Promise<string> {
    requirePlain(input);
    if (this.table.importKey === undefined) throw new KeyFeatureUnsupported();
    return this.table.importKey(scope, input, secret);
  }

  validateKey(rawKey: string, options?: ValidateOptions): ValidatedKey | Promise<ValidatedKey> {
    return this.table.validateKey(rawKey, options);
  }

  revokeKey(scope: EnvScope, keyId: string, reason?: string): Promise<void> {
    return this.table.revokeKey(scope, keyId, reason);
  }

  /** The secret before stops at once, whatever grace is asked for. */
  rotateKey(scope: EnvScope, keyId: string, { reason }: RotateOptions): Promise<RotatedKey> {
    return this.table.rotateKey(scope, keyId, { reason, graceMs: 0 });
  }

  suspendKey(scope: EnvScope, keyId: string): Promise<void> {
    return this.table.suspendKey(scope, keyId);
  }

  reactivateKey(scope: EnvScope, keyId: string): Promise<void> {
    return this.table.reactivateKey(scope, keyId);
  }

  /** @throws KeyFeatureUnsupported */
  async updateKey(scope: EnvScope, keyId: string, input: UpdateKeyInput, version?: number): Promise<KeyInfo> {
    requirePlain(input);
    return this.table.updateKey(scope, keyId, input, version);
  }

  getKey(scope: EnvScope, keyId: string): Promise<KeyInfo> {
    return this.table.getKey(scope, keyId);
  }

  listKeys(scope: EnvScope, filter: KeyFilter, page: PageRequest): Promise<Page<KeyInfo>> {
    return this.table.listKeys(scope, filter, page);
  }
}

/** @throws KeyFeatureUnsupported */
function requirePlain({ limits = {}, credits, allow = {}, policyId }: UpdateKeyInput): void {
  const wanted = [
    ...(Object.keys(limits).length === 0 ? [] : ['limits']),
    ...(credits ? ['credits'] : []),
    ...(policyId ? ['policy'] : []),
    ...(Object.keys(allow).length === 0 ? [] : ['allow']),
  ];
  if (wanted.length > 0) throw new KeyFeatureUnsupported({ extras: { unsupported: wanted } });
}
