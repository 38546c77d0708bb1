import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Ledger } from '../../billing-bridge/ledger.js';
import { ledgerContract, type LedgerRig, type LedgerTraits } from '../../testing/ledger.contract.js';
import { CommandRefused } from '../service-client.js';

/** What a module under test exports by default: a ledger, something that makes one, or a whole rig with its traits. */
interface LedgerModule {
  readonly default?:
    | Ledger
    | (() => Ledger | Promise<Ledger>)
    | { readonly makeRig: () => Promise<LedgerRig>; readonly traits: LedgerTraits };
}

const SILENT: LedgerTraits = { counts: false, gates: false, remote: false };

/**
 * Holds a ledger of somebody’s own against the contract of the Ledger bridge. A plain ledger is held against what can be seen from outside; a
 * rig shows what was counted, and is held against all of it. Exits with 1 when a promise is broken.
 */
export async function conformanceOfLedger({ module }: { readonly module: string }): Promise<void> {
  const { makeRig, traits } = await load(module);
  let broken = 0;
  for (const { name, run } of ledgerContract(makeRig, traits)) {
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

async function load(
  file: string,
): Promise<{ readonly makeRig: () => Promise<LedgerRig>; readonly traits: LedgerTraits }> {
  let exported: LedgerModule['default'];
  try {
    ({ default: exported } = (await import(pathToFileURL(path.resolve(file)).href)) as LedgerModule);
  } catch (error) {
    throw new CommandRefused(`${file} cannot be loaded: ${(error as Error).message}`);
  }
  if (exported === undefined)
    throw new CommandRefused(`${file} has no default export: a ledger, a function that makes one, or a rig`);
  if (typeof exported === 'object' && 'makeRig' in exported) return exported;
  const make = typeof exported === 'function' ? exported : () => exported;
  return { makeRig: async () => ({ ledger: await make(), close: () => Promise.resolve() }), traits: SILENT };
}
