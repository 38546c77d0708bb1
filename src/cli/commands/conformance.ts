import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Ledger } from '../../billing-bridge/ledger.js';
import { scopeTo } from '../../kernel/context/scope.js';
import type { KeyManager } from '../../keys-bridge/key-manager.js';
import type { ContractCase } from '../../testing/contract-case.js';
import { keyManagerContract, type KeyManagerRig, type KeyManagerTraits } from '../../testing/key-manager.contract.js';
import { ledgerContract, type LedgerRig, type LedgerTraits } from '../../testing/ledger.contract.js';
import { CommandRefused } from '../service-client.js';

/** A whole rig: what is tested, what the test needs around it, and what it is known not to do. */
interface Rigged<Rig, Traits> {
  readonly makeRig: () => Promise<Rig>;
  readonly traits: Traits;
}

/** What a module under test exports by default: an implementation, something that makes one, or a rig. */
interface ModuleUnderTest<Implementation, Rig, Traits> {
  readonly default?: Implementation | (() => Implementation | Promise<Implementation>) | Rigged<Rig, Traits>;
}

interface ModuleOption {
  readonly module: string;
}

const SILENT: LedgerTraits = { counts: false, gates: false, remote: false };
/** A tenant of nobody: an implementation of somebody's own knows none of the service's. */
const SOME_TENANT = scopeTo.env('aapp_01jd3v3x6pe0p9m2s5f7q8w9ab' as never, 'aenv_01jd3v3x6pe0p9m2s5f7q8w9ab' as never);
const SOMEBODY = { kind: 'user', id: 'ausr_01jd3v3x6pe0p9m2s5f7q8w9ab' } as const;

/**
 * Holds a ledger of somebody’s own against the contract of the Ledger bridge. A plain ledger is held against what can be seen from outside; a
 * rig shows what was counted, and is held against all of it. Exits with 1 when a promise is broken.
 */
export async function conformanceOfLedger({ module }: ModuleOption): Promise<void> {
  const rigOf = (ledger: Ledger): LedgerRig => ({ ledger, close: () => Promise.resolve() });
  const { makeRig, traits } = await load(module, 'a ledger', rigOf, SILENT);
  await report(ledgerContract(makeRig, traits));
}

/** The same for a key manager and the contract of the Keysmith bridge, as far as its capabilities say. */
export async function conformanceOfKeyManager({ module }: ModuleOption): Promise<void> {
  const rigOf = (keyManager: KeyManager): KeyManagerRig => ({
    keyManager,
    scope: SOME_TENANT,
    owner: SOMEBODY,
    close: () => Promise.resolve(),
  });
  const { makeRig, traits } = await load<KeyManager, KeyManagerRig, KeyManagerTraits>(module, 'a key manager', rigOf, {
    available: true,
  });
  await report(keyManagerContract(makeRig, traits));
}

/** @throws CommandRefused when a promise is broken */
async function report(cases: readonly ContractCase[]): Promise<void> {
  let broken = 0;
  for (const { name, run } of cases) {
    try {
      await run();
      console.log(`✓ ${name}`);
    } catch (error) {
      broken += 1;
      console.log(
        `✗ ${name}\n    ${error instanceof Error ? error.message.replaceAll('\n', '\n    ') : String(error)}`,
      );
    }
  }
  if (broken > 0) throw new CommandRefused(`${broken} of the contract’s promises are broken`);
}

async function load<Implementation extends object, Rig, Traits>(
  file: string,
  what: string,
  rigOf: (implementation: Implementation) => Rig,
  traits: Traits,
): Promise<Rigged<Rig, Traits>> {
  type Module = ModuleUnderTest<Implementation, Rig, Traits>;
  let exported: Module['default'];
  try {
    ({ default: exported } = (await import(pathToFileURL(path.resolve(file)).href)) as Module);
  } catch (error) {
    throw new CommandRefused(`${file} cannot be loaded: ${(error as Error).message}`);
  }
  if (exported === undefined)
    throw new CommandRefused(`${file} has no default export: ${what}, a function that makes one, or a rig`);
  if (typeof exported === 'object' && 'makeRig' in exported) return exported as Rigged<Rig, Traits>;
  const made = exported as Implementation | (() => Implementation | Promise<Implementation>);
  return { makeRig: async () => rigOf(typeof made === 'function' ? await made() : made), traits };
}
