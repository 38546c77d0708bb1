import { cpus } from 'node:os';
import ipaddr from 'ipaddr.js';
import { KeyRing } from '../kernel/crypto/key-ring.js';
import type { Secret } from '../kernel/crypto/secret.js';
import {
  choice,
  duration,
  flag,
  integer,
  limit,
  list,
  type Mode,
  secret,
  secretUrl,
  size,
  text,
  url,
} from './variable.js';

const inProduction =
  <D, P>(development: D, production: P) =>
  (mode: Mode) =>
    mode === 'production' ? production : development;

function checkCidrs(entries: readonly string[]): string | undefined {
  const wrong = entries.filter((entry) => !ipaddr.isValid(entry) && !ipaddr.isValidCIDR(entry));
  return wrong.length === 0 ? undefined : `not an address or CIDR range: ${wrong.join(', ')}`;
}

function checkHostPorts(entries: readonly string[]): string | undefined {
  const wrong = entries.filter((entry) => !/^(\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/i.test(entry));
  return wrong.length === 0 ? undefined : `not an exact host:port pair: ${wrong.join(', ')}`;
}

function checkKeyRing(value: Secret): string | undefined {
  try {
    KeyRing.parse(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every setting of a deployment. `docs/configuration.md` and `.env.example` are produced from this table. */
export const variables = {
  http: {
    port: integer('AUTHSOME_PORT', [0, 65_535], { default: '3000', doc: 'Port to listen on; 0 takes a free one.' }),
    host: text('AUTHSOME_HOST', {
      default: inProduction('127.0.0.1', '0.0.0.0'),
      doc: 'Address to listen on.',
    }),
    publicUrl: url('AUTHSOME_PUBLIC_URL', ['http', 'https'], {
      default: undefined,
      doc: 'Where clients reach the service: the base of links in mails and the issuer of tokens. Default in development: the listening address. Required in production.',
    }),
    pathPrefix: text('AUTHSOME_PATH_PREFIX', {
      default: '',
      doc: 'Put before every `/v1` path, for example `/auth`.',
      check: (value) =>
        value === '' || /^(\/[a-z0-9_-]+)+$/i.test(value)
          ? undefined
          : 'must look like /auth, without a slash at its end',
    }),
    trustedProxies: list('AUTHSOME_TRUSTED_PROXIES', {
      default: '',
      doc: 'Addresses and CIDR ranges whose X-Forwarded-For is believed. Empty: nobody’s.',
      check: checkCidrs,
    }),
    bodyLimitBytes: size('AUTHSOME_BODY_LIMIT', { default: '256kb', doc: 'Largest request body.' }),
    requestTimeoutMs: duration('AUTHSOME_REQUEST_TIMEOUT', ['1s', '5m'], {
      default: '15s',
      doc: 'A request whose headers and body have not arrived by then is closed.',
    }),
    hstsMaxAgeMs: duration('AUTHSOME_HSTS_MAX_AGE', ['0s', '3650d'], {
      default: '365d',
      doc: 'Strict-Transport-Security, sent when the public URL is https. 0s: not sent.',
    }),
    docs: flag('AUTHSOME_DOCS', {
      default: inProduction('true', 'false'),
      doc: 'Serve the browsable reference at /docs.',
    }),
    cookieSameSite: choice('AUTHSOME_COOKIE_SAME_SITE', ['lax', 'strict', 'none'], {
      default: 'lax',
      doc: 'SameSite of the session cookies. `none` is for browsers on another site than the service.',
    }),
    shutdownDelayMs: duration('AUTHSOME_SHUTDOWN_DELAY', ['0s', '60s'], {
      default: inProduction('0s', '5s'),
      doc: 'How long readiness is false before the port closes, so that balancers notice.',
    }),
    shutdownTimeoutMs: duration('AUTHSOME_SHUTDOWN_TIMEOUT', ['1s', '5m'], {
      default: '20s',
      doc: 'How long accepted requests and jobs may take to finish at shutdown.',
    }),
  },
  metrics: {
    port: integer('AUTHSOME_METRICS_PORT', [0, 65_535], {
      default: undefined,
      doc: 'Serve /metrics on a port of its own.',
    }),
    token: secret('AUTHSOME_METRICS_TOKEN', {
      default: undefined,
      doc: 'Serve /metrics on the main port to callers with this bearer token. In development /metrics is open; in production it is served only with a port or a token.',
    }),
  },
  database: {
    url: secretUrl('AUTHSOME_DATABASE_URL', ['postgres', 'postgresql'], {
      aliases: ['DATABASE_URL'],
      default: undefined,
      doc: 'PostgreSQL 15 or newer. Without it, in development, a PostgreSQL of our own is started. Required in production.',
    }),
    migrationUrl: secretUrl('AUTHSOME_DATABASE_MIGRATION_URL', ['postgres', 'postgresql'], {
      default: undefined,
      doc: 'The owner’s connection, for migrations, when AUTHSOME_DATABASE_URL names a role without DDL rights.',
    }),
    autoMigrate: flag('AUTHSOME_AUTO_MIGRATE', {
      default: inProduction('true', 'false'),
      doc: 'Apply pending migrations at start. Otherwise the service waits, not ready, until `authsome migrate up` has run.',
    }),
    dataDir: text('AUTHSOME_DATA_DIR', {
      default: '.authsome',
      doc: 'Folder of the embedded PostgreSQL and of generated development secrets.',
    }),
    poolSize: integer('AUTHSOME_DATABASE_POOL_SIZE', [1, 1_000], { default: '10', doc: 'Connections per replica.' }),
    connectTimeoutMs: duration('AUTHSOME_DATABASE_CONNECT_TIMEOUT', ['100ms', '60s'], {
      default: '2s',
      doc: 'How long a request waits for a connection before it is answered 503.',
    }),
    statementTimeoutMs: duration('AUTHSOME_DATABASE_STATEMENT_TIMEOUT', ['100ms', '10m'], {
      default: '5s',
      doc: 'Longest statement.',
    }),
    lockTimeoutMs: duration('AUTHSOME_DATABASE_LOCK_TIMEOUT', ['10ms', '60s'], {
      default: '2s',
      doc: 'Longest wait for a lock.',
    }),
    idleTransactionTimeoutMs: duration('AUTHSOME_DATABASE_IDLE_TRANSACTION_TIMEOUT', ['1s', '10m'], {
      default: '10s',
      doc: 'A transaction without a statement for that long is ended by PostgreSQL.',
    }),
    rowPolicies: flag('AUTHSOME_ROW_POLICIES', {
      default: 'false',
      doc: 'Let PostgreSQL itself refuse rows of other tenants (row-level security). A second net; costs a transaction per statement.',
    }),
  },
  secrets: {
    keyRing: secret('AUTHSOME_SECRETS', {
      default: undefined,
      doc: 'Master keys, newest first: `<id>:<base64 of 32 bytes>,…`. The first one writes, all of them read. Make one with `openssl rand -base64 32`. Generated in development; required in production.',
      check: checkKeyRing,
    }),
  },
  owner: {
    email: text('AUTHSOME_OWNER_EMAIL', {
      default: undefined,
      doc: 'Creates the first platform owner at start, when there is none, without the one-time setup link.',
    }),
    password: secret('AUTHSOME_OWNER_PASSWORD', {
      default: undefined,
      doc: 'Password of that owner.',
    }),
  },
  mail: {
    driver: choice('AUTHSOME_MAIL_DRIVER', ['smtp', 'http', 'mailbox', 'log'], {
      default: inProduction('mailbox', undefined),
      doc: 'How messages leave: `smtp`; `http` (POST of each message); `mailbox` (kept for reading at /dev/mailbox, development only); `log` (notes the purpose, sends nothing). Required in production.',
    }),
    from: text('AUTHSOME_MAIL_FROM', { default: 'Authsome <no-reply@localhost>', doc: 'Sender of mails.' }),
    smtpUrl: secretUrl('AUTHSOME_SMTP_URL', ['smtp', 'smtps'], {
      default: undefined,
      doc: 'The mail server, for the smtp driver.',
    }),
    httpUrl: url('AUTHSOME_MAIL_HTTP_URL', ['http', 'https'], {
      default: undefined,
      doc: 'Receiver of messages, for the http driver. An inner address must also be in AUTHSOME_OUTBOUND_ALLOW.',
    }),
    httpToken: secret('AUTHSOME_MAIL_HTTP_TOKEN', {
      default: undefined,
      doc: 'Sent to that receiver as a bearer token.',
    }),
  },
  outbound: {
    allow: list('AUTHSOME_OUTBOUND_ALLOW', {
      default: '',
      doc: 'Exact `host:port` pairs of inner addresses that calls to configured URLs may reach. Loopback, private and special addresses are refused otherwise.',
      check: checkHostPorts,
    }),
  },
  logging: {
    level: choice('AUTHSOME_LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'silent'], {
      default: 'info',
      doc: 'Least severe level to log.',
    }),
    format: choice('AUTHSOME_LOG_FORMAT', ['human', 'json'], {
      default: inProduction('human', 'json'),
      doc: 'One readable line, or one JSON object per line.',
    }),
  },
  workers: {
    enabled: flag('AUTHSOME_WORKER_ENABLED', {
      default: 'true',
      doc: 'Whether this process runs jobs (mail, purges).',
    }),
    concurrency: integer('AUTHSOME_WORKER_CONCURRENCY', [1, 200], { default: '10', doc: 'Jobs at once.' }),
    leaseMs: duration('AUTHSOME_WORKER_LEASE', ['1s', '10m'], {
      default: '60s',
      doc: 'A dead worker’s jobs are taken up again after this long.',
    }),
    pollMs: duration('AUTHSOME_WORKER_POLL', ['100ms', '60s'], {
      default: '1s',
      doc: 'How often to look for due jobs that nobody announced.',
    }),
  },
  billing: {
    driver: choice('AUTHSOME_BILLING', ['embedded', 'openmeter', 'stripe', 'noop'], {
      default: 'embedded',
      doc: 'The Ledger bridge. `embedded`: plans, usage and invoices in the service’s own database; until somebody is subscribed it limits nobody. `openmeter`, `stripe`: an engine elsewhere. `noop` allows every feature and drops usage.',
    }),
    timeoutMs: duration('AUTHSOME_BILLING_TIMEOUT', ['10ms', '2s'], {
      default: '300ms',
      doc: 'How long a billing engine elsewhere may take to answer whether a plan holds a feature. Then the feature’s failure policy answers.',
    }),
    failOpen: list('AUTHSOME_BILLING_FAIL_OPEN', {
      default: '',
      doc: 'Features that stay open while the billing engine does not answer, besides `authsome.feature.mfa` and `authsome.feature.passkeys`.',
    }),
    openmeterUrl: url('AUTHSOME_OPENMETER_URL', ['http', 'https'], {
      default: undefined,
      doc: 'Where OpenMeter answers. Required with AUTHSOME_BILLING=openmeter.',
    }),
    openmeterKey: secret('AUTHSOME_OPENMETER_KEY', {
      default: undefined,
      doc: 'The API key of OpenMeter Cloud; a server of one’s own needs none.',
    }),
    stripeKey: secret('AUTHSOME_STRIPE_KEY', {
      default: undefined,
      doc: 'The secret key of Stripe. Required with AUTHSOME_BILLING=stripe.',
    }),
  },
  keys: {
    driver: choice('AUTHSOME_KEYS', ['embedded', 'unkey', 'builtin', 'noop'], {
      default: 'embedded',
      doc: 'The Keysmith bridge. `embedded`: API keys in the service’s own database. `unkey`: kept by Unkey. `builtin`: in the database without a bridge, and without limits, credits, restrictions and grace. `noop` answers every API-key operation with 503 key_manager_not_available.',
    }),
    offlineReplicas: integer('AUTHSOME_KEYS_OFFLINE_REPLICAS', [0, 1_000], {
      default: '0',
      doc: 'How many replicas there are at most: while the database is away, each lets its part of the limits of API keys pass in every window that begins meanwhile. 0: what has a limit is answered with 503 when its share is used up.',
    }),
    foreignPrefixes: list('AUTHSOME_KEY_FOREIGN_PREFIXES', {
      default: '',
      doc: 'What imported keys begin with that were issued by something else than Authsome, for example `acme_`. Texts that begin so are looked up; they have no checksum to tell a fake by.',
      check: (values) =>
        values.every((value) => /^[A-Za-z0-9]+[_-]$/.test(value))
          ? undefined
          : 'must be words of letters and digits that end in _ or -, separated by commas',
    }),
    brand: text('AUTHSOME_KEY_BRAND', {
      default: 'ath',
      doc: 'What API keys begin with, so that scanners know whose they are: 2 to 8 lower-case letters and digits. Not `sk` or `pk`, which are Stripe’s.',
      check: (value) =>
        /^[a-z][a-z0-9]{1,7}$/.test(value) && value !== 'sk' && value !== 'pk'
          ? undefined
          : 'must be 2 to 8 lower-case letters and digits, and neither sk nor pk',
    }),
    unkeyRootKey: secret('AUTHSOME_UNKEY_ROOT_KEY', {
      default: undefined,
      doc: 'A root key of Unkey that may create, read, update and verify the keys of the API. Required with AUTHSOME_KEYS=unkey.',
    }),
    unkeyApiId: text('AUTHSOME_UNKEY_API_ID', {
      default: '',
      doc: 'The API at Unkey that the keys belong to. Required with AUTHSOME_KEYS=unkey.',
    }),
    unkeyUrl: url('AUTHSOME_UNKEY_URL', ['http', 'https'], {
      default: 'https://api.unkey.com',
      doc: 'Where Unkey answers.',
    }),
    leaksUrl: url('AUTHSOME_KEYS_LEAKS_URL', ['http', 'https'], {
      default: undefined,
      doc: 'Where the public keys are read that reports of leaked API keys are signed with: `https://api.github.com/meta/public_keys/secret_scanning` for GitHub. Without it no report is taken (404): GitHub reports to partners only who registered their brand and address with it, so elsewhere the route would be an open door that nobody needs.',
    }),
  },
  sessions: {
    accessTokenTtlMs: duration('AUTHSOME_ACCESS_TOKEN_TTL', ['1s', '24h'], {
      default: '1h',
      doc: 'Life of an opaque access token.',
    }),
    jwtTtlMs: duration('AUTHSOME_JWT_TTL', ['1s', '60m'], {
      default: '15m',
      doc: 'Life of a JWT access token. Other services that verify it by key alone see a revocation only when it has run out.',
    }),
    refreshTokenTtlMs: duration('AUTHSOME_REFRESH_TOKEN_TTL', ['1s', '365d'], {
      default: '30d',
      doc: 'Life of a refresh token that is not used.',
    }),
    absoluteTtlMs: duration('AUTHSOME_SESSION_ABSOLUTE_TTL', ['1s', '3650d'], {
      default: '90d',
      doc: 'A session ends then, however active it is.',
    }),
    idleTtlMs: duration('AUTHSOME_SESSION_IDLE_TTL', ['1s', '3650d'], {
      default: '30d',
      doc: 'A session without a request for that long ends.',
    }),
    reuseWindowMs: duration('AUTHSOME_REFRESH_REUSE_WINDOW', ['0s', '60s'], {
      default: '10s',
      doc: 'A refresh token presented again within it gets the same successor (lost answers, parallel tabs). Later, its family ends. 0s: strict.',
    }),
    reauthenticationWindowMs: duration('AUTHSOME_REAUTHENTICATION_WINDOW', ['1s', '30m'], {
      default: '10m',
      doc: 'Sensitive calls need a proof of identity no older than this.',
    }),
    mostActive: integer('AUTHSOME_SESSION_MAX_ACTIVE', [0, 10_000], {
      default: '0',
      doc: 'Live sessions per user; the oldest ends when one more starts. 0: no cap. An app can set its own.',
    }),
    tokenFormat: choice('AUTHSOME_TOKEN_FORMAT', ['opaque', 'jwt'], {
      default: 'opaque',
      doc: 'Form of access tokens for apps that do not choose.',
    }),
    jwtAlgorithm: choice('AUTHSOME_JWT_ALGORITHM', ['ES256', 'EdDSA'], {
      default: 'ES256',
      doc: 'Algorithm of newly made signing keys.',
    }),
    signingKeyLifetimeMs: duration('AUTHSOME_JWT_KEY_LIFETIME', ['1s', '3650d'], {
      default: '90d',
      doc: 'A signing key is replaced after this long; its successor is published beforehand.',
    }),
    signingKey: secret('AUTHSOME_JWT_SIGNING_KEY', {
      default: undefined,
      seam: true,
      doc: 'A private JWK to sign with instead of a generated key. For tests.',
    }),
    clockLeewayMs: duration('AUTHSOME_CLOCK_LEEWAY', ['0s', '60s'], {
      default: '30s',
      doc: 'Tolerance for `iat` and `nbf` of JWTs.',
    }),
    cacheSize: integer('AUTHSOME_SESSION_CACHE_SIZE', [0, 5_000_000], {
      default: '50000',
      doc: 'Validated sessions kept in memory per replica. 0: none.',
    }),
  },
  devices: {
    trustTtlMs: duration('AUTHSOME_TRUSTED_DEVICE_TTL', ['1s', '90d'], {
      default: '30d',
      doc: 'How long a device stays trusted.',
    }),
  },
  passwords: {
    leastLength: integer('AUTHSOME_PASSWORD_MIN_LENGTH', [8, 128], {
      default: '8',
      doc: 'Shortest password, in characters. NIST advises 15 where the password stands alone.',
    }),
    hashMemoryKib: integer('AUTHSOME_HASH_MEMORY_KIB', [8, 1_048_576], {
      default: '19456',
      doc: 'argon2id memory per hash. Less than 19456 is for tests only.',
    }),
    hashPasses: integer('AUTHSOME_HASH_PASSES', [1, 16], { default: '2', doc: 'argon2id passes.' }),
    hashSlots: integer('AUTHSOME_HASH_SLOTS', [1, 256], {
      default: () => String(Math.max(2, cpus().length)),
      shown: 'the number of cores, at least 2',
      doc: 'Hashes at once.',
    }),
    hashQueue: integer('AUTHSOME_HASH_QUEUE', [0, 100_000], {
      default: '256',
      doc: 'Hashes that may wait; past it the answer is 503 with Retry-After.',
    }),
  },
  challenges: {
    codeTtlMs: duration('AUTHSOME_EMAIL_CODE_TTL', ['1s', '10m'], { default: '10m', doc: 'Life of a mailed code.' }),
    codeAttempts: integer('AUTHSOME_CODE_ATTEMPTS', [1, 100], { default: '5', doc: 'Guesses per code.' }),
    verificationTtlMs: duration('AUTHSOME_EMAIL_VERIFICATION_TTL', ['1s', '72h'], {
      default: '24h',
      doc: 'Life of the link in a verification mail.',
    }),
    passwordResetTtlMs: duration('AUTHSOME_PASSWORD_RESET_TTL', ['1s', '60m'], {
      default: '30m',
      doc: 'Life of the link in a reset mail.',
    }),
    emailChangeTtlMs: duration('AUTHSOME_EMAIL_CHANGE_TTL', ['1s', '72h'], {
      default: '24h',
      doc: 'Life of the link that confirms a new address.',
    }),
    emailChangeUndoTtlMs: duration('AUTHSOME_EMAIL_CHANGE_UNDO_TTL', ['1s', '30d'], {
      default: '7d',
      doc: 'How long the old address can undo the change.',
    }),
    setupTtlMs: duration('AUTHSOME_SETUP_TTL', ['1s', '24h'], {
      default: '1h',
      doc: 'Life of the one-time setup token that creates the first platform owner.',
    }),
  },
  limits: {
    signInPerIp: limit('AUTHSOME_LIMIT_SIGNIN_PER_IP', { default: '60/1m', doc: 'Sign-ins from one address.' }),
    signUpPerIp: limit('AUTHSOME_LIMIT_SIGNUP_PER_IP', { default: '30/1m', doc: 'Sign-ups from one address.' }),
    refreshPerIp: limit('AUTHSOME_LIMIT_REFRESH_PER_IP', { default: '600/1m', doc: 'Refreshes from one address.' }),
    recoveryPerIp: limit('AUTHSOME_LIMIT_RECOVERY_PER_IP', {
      default: '20/1m',
      doc: 'Requests for, and uses of, reset links from one address.',
    }),
    verificationPerIp: limit('AUTHSOME_LIMIT_VERIFICATION_PER_IP', {
      default: '30/1m',
      doc: 'Verifications of addresses and requests for a new code from one address.',
    }),
    introspectionPerIp: limit('AUTHSOME_LIMIT_INTROSPECTION_PER_IP', {
      default: '6000/1m',
      doc: 'Introspections from one address.',
    }),
    publicReadPerIp: limit('AUTHSOME_LIMIT_PUBLIC_READ_PER_IP', {
      default: '600/1m',
      doc: 'Reads of the client configuration from one address.',
    }),
    keyFailuresPerIp: limit('AUTHSOME_LIMIT_KEY_FAILURES_PER_IP', {
      default: '60/1m',
      doc: 'API keys from one address that open nothing, on each replica. After that, only keys that are in memory work from there.',
    }),
    setupPerIp: limit('AUTHSOME_LIMIT_SETUP_PER_IP', {
      default: '10/1m',
      doc: 'Tries of the setup token from one address.',
    }),
    leakReportsPerIp: limit('AUTHSOME_LIMIT_LEAK_REPORTS_PER_IP', {
      default: '600/1m',
      doc: 'Reports of leaked API keys from one address.',
    }),
    mailPerAddress: limit('AUTHSOME_LIMIT_MAIL_PER_ADDRESS', {
      default: '5/1h',
      doc: 'Mails of one kind to one address.',
    }),
    invitationsPerOrganization: limit('AUTHSOME_LIMIT_INVITATIONS_PER_ORGANIZATION', {
      default: '500/1h',
      doc: 'Invitations that an organization mails.',
    }),
    invitationsPerAddress: limit('AUTHSOME_LIMIT_INVITATIONS_PER_ADDRESS', {
      default: '10/1d',
      doc: 'Invitations to one address, from every organization of an environment.',
    }),
    codeGuessesPerAccount: limit('AUTHSOME_LIMIT_CODE_GUESSES_PER_ACCOUNT', {
      default: '10/15m',
      doc: 'Guesses of codes for one account, over all its codes.',
    }),
  },
  lockout: {
    failures: limit('AUTHSOME_LOCKOUT_FAILURES', {
      default: '10/15m',
      doc: 'Wrong passwords for one account before it must wait.',
    }),
    firstDelayMs: duration('AUTHSOME_LOCKOUT_FIRST_DELAY', ['1s', '24h'], {
      default: '1m',
      doc: 'The first wait; it doubles with each further wrong password.',
    }),
    longestDelayMs: duration('AUTHSOME_LOCKOUT_LONGEST_DELAY', ['1s', '24h'], {
      default: '1h',
      doc: 'The longest wait.',
    }),
    mostFailures: integer('AUTHSOME_LOCKOUT_MOST_FAILURES', [1, 1_000], {
      default: '100',
      doc: 'Wrong passwords in a row after which only a reset or a known device opens the account (NIST SP 800-63B-4 §3.2.2).',
    }),
  },
  retention: {
    idempotencyMs: duration('AUTHSOME_IDEMPOTENCY_TTL', ['1s', '7d'], {
      default: '24h',
      doc: 'How long the answer of an idempotent request is kept.',
    }),
    endedSessionsMs: duration('AUTHSOME_ENDED_SESSION_RETENTION', ['1s', '3650d'], {
      default: '30d',
      doc: 'How long an ended session’s row is kept, to recognise replays of its tokens.',
    }),
    invitationsMs: duration('AUTHSOME_INVITATION_RETENTION', ['1d', '3650d'], {
      default: '90d',
      doc: 'How long an invitation is kept after it was answered or ran out.',
    }),
    eventsMs: duration('AUTHSOME_EVENT_RETENTION', ['1h', '3650d'], {
      default: '30d',
      doc: 'How long facts are kept in the outbox.',
    }),
    usageEventsMs: duration('AUTHSOME_USAGE_EVENT_RETENTION', ['36d', '3650d'], {
      default: '100d',
      doc: 'How long single usage events are kept, to recognise repeated ones and to compare sums with them. Usage may be told 35 days late.',
    }),
    usageSumsMs: duration('AUTHSOME_USAGE_RETENTION', ['70d', '3650d'], {
      default: '800d',
      doc: 'How long hourly sums of usage are kept.',
    }),
    auditMs: duration('AUTHSOME_AUDIT_RETENTION', ['1d', '3650d'], {
      default: '400d',
      doc: 'How long audit entries are kept. Whole months are dropped.',
    }),
  },
  seams: {
    clockOffsetFile: text('AUTHSOME_CLOCK_OFFSET_FILE', {
      default: undefined,
      seam: true,
      doc: 'A file with a number of milliseconds to add to the time. For tests.',
    }),
  },
} as const;

export type Variables = typeof variables;
