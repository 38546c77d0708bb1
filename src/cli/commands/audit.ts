import { AuditVerifier, type AuditFinding, type AuditVerdict } from '../../audit/audit-verifier.js';
import type { Environment } from '../../config/load-config.js';
import { isId } from '../../kernel/ids/id.js';
import { resolveConfig } from '../resolve-config.js';
import { RunningService } from '../running-service.js';
import { CommandRefused } from '../service-client.js';

const MEANINGS: Readonly<Record<AuditFinding['kind'], string>> = {
  altered: 'the entry is not what was sealed',
  missing: 'the entry was sealed and is gone, although retention has not ended',
  inserted: 'the entry lies among sealed ones and was never sealed',
  broken_chain: 'the seal does not follow from the one before, or was changed',
  truncated: 'the seal that was noted is not in the chain any more',
  unknown_key: 'the seal was made with a master key that AUTHSOME_MASTER_KEYS does not hold',
};

/**
 * Holds the audit trail in the database against its seals, past the running service. Exits with 1 when something is wrong, and names the
 * first thing that is.
 * @param options.head `<number>:<mac>` of the app, as `audit head` printed it at some time.
 */
export async function auditVerify(env: Environment, options: { app?: string; head?: string }): Promise<void> {
  const { app, head } = options;
  if (app !== undefined && !isId('app', app)) throw new CommandRefused('--app must be the id of an app');
  if (head !== undefined && app === undefined)
    throw new CommandRefused('--head needs --app: every app has its own chain');
  await withVerifier(env, async (verifier) => {
    const apps = app === undefined ? await verifier.apps() : [app];
    for (const one of apps) {
      const verdict = await verifier.verify(one, head === undefined ? undefined : headOf(head));
      console.log(describe(verdict));
      if (verdict.finding !== undefined) process.exitCode = 1;
    }
    if (apps.length === 0) console.log('nothing has been sealed yet');
  });
}

/** Prints the newest seal of every app, to be kept where nobody who can change the database can change it. */
export async function auditHead(env: Environment): Promise<void> {
  await withVerifier(env, async (verifier) => {
    for (const { appId, number, mac } of await verifier.heads()) console.log(`${appId} ${number}:${mac}`);
  });
}

async function withVerifier(env: Environment, work: (verifier: AuditVerifier) => Promise<void>): Promise<void> {
  const resolved = await resolveConfig({ AUTHSOME_LOG_LEVEL: 'warn', ...env });
  const service = await RunningService.offline(resolved);
  try {
    await work(service.app.get(AuditVerifier));
  } finally {
    await service.stop();
  }
}

function headOf(text: string): { number: number; mac: string } {
  const [, number, mac] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || mac === undefined) throw new CommandRefused('--head must look like 12:9f86d08…');
  return { number: Number(number), mac };
}

function describe({ appId, seals, entries, pruned, finding }: AuditVerdict): string {
  if (finding !== undefined) return `${appId}: ${finding.kind} ${finding.what}: ${MEANINGS[finding.kind]}`;
  const gone = pruned === 0 ? '' : `, ${pruned} gone with the end of retention`;
  return `${appId}: whole (${entries} entries in ${seals} seals${gone})`;
}
