import { Injectable } from '@nestjs/common';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock/clock.js';
import { SealedBox } from '../kernel/crypto/sealed-box.js';
import { IdGenerator, type Id } from '../kernel/ids/id.js';
import { Database } from '../kernel/persistence/database.js';
import { Notifications } from '../kernel/notifications/notifications.js';
import type { SigningKeyEntity } from './signing-key.entity.js';
import { SigningKeysSystemRepository } from './signing-keys.system-repository.js';

export type SigningAlgorithm = SigningKeyEntity['algorithm'];

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly key: CryptoKey;
}

interface LoadedKeys {
  readonly atMs: number;
  readonly rows: readonly SigningKeyEntity[];
}

/** Notified when a key was made or withdrawn. */
const KEYS_CHANGED = 'signing-keys:changed';
/** The set is re-read this often even when no notification arrives: bounds how long a withdrawn key is accepted (R056). */
const REREAD_MS = 30_000;
/** A successor is published for a tenth of a key's life before it signs, so that verifiers that cache the set know it by then. */
const PUBLISHED_AHEAD = 0.1;

const place = (id: string): string => `signing_keys/private_sealed/${id}`;

/** The keys of JWT access tokens: made, published, used, withdrawn. Private keys lie sealed in the database (R309). */
@Injectable()
export class SigningKeys {
  #loaded: LoadedKeys | undefined;
  /** Counts what was thrown away, so that a read which began before does not put its stale answer back. */
  #round = 0;
  #supplied: Promise<{ signing: SigningKey; verification: CryptoKey; jwk: JWK }> | undefined;
  readonly #privateKeys = new Map<string, Promise<CryptoKey>>();
  readonly #publicKeys = new Map<string, Promise<CryptoKey>>();

  constructor(
    private readonly repository: SigningKeysSystemRepository,
    private readonly database: Database,
    private readonly box: SealedBox,
    private readonly ids: IdGenerator,
    private readonly clock: Clock,
    private readonly config: Config,
    notifications: Notifications,
  ) {
    notifications.on(KEYS_CHANGED, () => this.forget());
    notifications.onReset(() => this.forget());
    const supplied = config.sessions.signingKey;
    if (supplied !== undefined) this.#supplied = suppliedKey(supplied.reveal());
  }

  /**
   * Makes sure a key signs now and its successor is published in time. Run at start and by a recurring task.
   * @throws SealBroken when the master keys cannot open the current key: the service must not start with the wrong ones (R312).
   */
  async ensure(): Promise<void> {
    await this.database.transaction(async () => {
      await this.repository.anyTenantLock();
      const nowMs = this.clock.nowMs();
      const lifetimeMs = this.config.sessions.signingKeyLifetimeMs;
      const usable = (await this.repository.anyTenantList(this.clock.now())).filter((key) => key.revokedAt === null);
      const last = usable.at(-1);
      // After a withdrawal there may be a successor that is published already, but does not sign yet.
      if (last === undefined || !usable.some((key) => key.activatesAt.getTime() <= nowMs)) {
        await this.make(this.clock.now());
      } else if (last.retiresAt.getTime() - nowMs <= lifetimeMs * PUBLISHED_AHEAD) {
        await this.make(last.retiresAt);
      }
    });
    this.forget();
    await this.signingKey();
  }

  /** Replaces the current key at once; what it signed stays valid until it runs out. */
  async rotate(): Promise<Id<'signing_key'>> {
    return this.database.transaction(async () => {
      await this.repository.anyTenantLock();
      return this.make(this.clock.now());
    });
  }

  /** Withdraws a key: nothing it signed is accepted any more. @returns false for an unknown or already withdrawn key. */
  async revoke(id: Id<'signing_key'>): Promise<boolean> {
    const revoked = await this.database.transaction(async () => {
      const known = await this.repository.anyTenantRevoke(id, this.clock.now());
      this.database.notify(KEYS_CHANGED);
      return known;
    });
    await this.ensure();
    return revoked;
  }

  /** The key to sign with now: the one that became active last. */
  async signingKey(): Promise<SigningKey> {
    if (this.#supplied !== undefined) return (await this.#supplied).signing;
    const now = this.clock.now();
    const row = (await this.rows())
      .filter((key) => key.revokedAt === null && key.activatesAt <= now && key.retiresAt > now)
      .at(-1);
    if (row === undefined) throw new Error('no signing key is active; SigningKeys.ensure() has not run');
    return { kid: row.id, algorithm: row.algorithm, key: await this.privateKey(row) };
  }

  /** The public key with that id, if what it signed may still be valid. */
  async verificationKey(kid: string): Promise<{ algorithm: SigningAlgorithm; key: CryptoKey } | undefined> {
    if (this.#supplied !== undefined) {
      const { signing, verification } = await this.#supplied;
      return kid === signing.kid ? { algorithm: signing.algorithm, key: verification } : undefined;
    }
    const row = (await this.rows()).find((key) => key.id === kid && key.revokedAt === null);
    return row && { algorithm: row.algorithm, key: await this.publicKey(row) };
  }

  /** The published set (RFC 7517): keys that sign, will sign, or have signed what may still be valid. Public members only (R055). */
  async publicSet(): Promise<JWK[]> {
    if (this.#supplied !== undefined) return [(await this.#supplied).jwk];
    return (await this.rows()).filter((key) => key.revokedAt === null).map((key) => key.publicJwk as JWK);
  }

  /** Deletes keys that nothing valid is signed with. */
  purge(): Promise<number> {
    return this.repository.anyTenantPurge(this.oldest());
  }

  private async rows(): Promise<readonly SigningKeyEntity[]> {
    const nowMs = this.clock.nowMs();
    if (this.#loaded !== undefined && nowMs - this.#loaded.atMs < REREAD_MS) return this.#loaded.rows;
    const round = this.#round;
    const rows = await this.repository.anyTenantList(this.oldest());
    if (round === this.#round) this.#loaded = { atMs: nowMs, rows };
    return rows;
  }

  /** A key that retired before then has signed nothing that is still valid. */
  private oldest(): Date {
    return this.clock.in(-(this.config.sessions.jwtTtlMs + this.config.sessions.clockLeewayMs));
  }

  private async make(activatesAt: Date): Promise<Id<'signing_key'>> {
    const algorithm = this.config.sessions.jwtAlgorithm;
    const id = this.ids.next('signing_key');
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    await this.repository.anyTenantInsert({
      id,
      algorithm,
      publicJwk: { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: 'sig' },
      privateSealed: this.box.seal(JSON.stringify(await exportJWK(privateKey)), place(id)),
      activatesAt,
      retiresAt: new Date(activatesAt.getTime() + this.config.sessions.signingKeyLifetimeMs),
      createdAt: this.clock.now(),
    });
    this.database.notify(KEYS_CHANGED);
    return id;
  }

  private forget(): void {
    this.#round += 1;
    this.#loaded = undefined;
    this.#privateKeys.clear();
    this.#publicKeys.clear();
  }

  private privateKey(row: SigningKeyEntity): Promise<CryptoKey> {
    return remembered(this.#privateKeys, row.id, () => {
      const jwk = JSON.parse(this.box.open(row.privateSealed, place(row.id)).toString()) as JWK;
      return importJWK(jwk, row.algorithm) as Promise<CryptoKey>;
    });
  }

  private publicKey(row: SigningKeyEntity): Promise<CryptoKey> {
    return remembered(
      this.#publicKeys,
      row.id,
      () => importJWK(row.publicJwk as JWK, row.algorithm) as Promise<CryptoKey>,
    );
  }
}

async function remembered<T>(known: Map<string, Promise<T>>, id: string, make: () => Promise<T>): Promise<T> {
  const value = known.get(id) ?? make();
  known.set(id, value);
  return value;
}

/** The test seam: a private JWK from the environment, so that tests can sign tokens that are wrong in every way but the signature. */
async function suppliedKey(text: string): Promise<{ signing: SigningKey; verification: CryptoKey; jwk: JWK }> {
  const { d, ...shared } = JSON.parse(text) as JWK;
  const algorithm = (shared.alg ?? 'ES256') as SigningAlgorithm;
  const kid = shared.kid ?? 'supplied';
  const key = (await importJWK({ ...shared, ...(d === undefined ? {} : { d }) }, algorithm)) as CryptoKey;
  const jwk: JWK = { ...shared, kid, alg: algorithm, use: 'sig' };
  return { signing: { kid, algorithm, key }, verification: (await importJWK(jwk, algorithm)) as CryptoKey, jwk };
}
