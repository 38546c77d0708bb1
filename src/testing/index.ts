/**
 * For tests of adapters and extensions. A contract suite is a list of named promises, free of any test runner:
 *
 * ```ts
 * for (const { name, run } of mailerContract(makeRig, { delivers: true, remote: true })) it(name, run);
 * ```
 */
export { FakeClock } from '../kernel/clock/fake-clock.js';
export { type ContractCase, contractCase } from './contract-case.js';
export { keyManagerContract, type KeyManagerRig, type KeyManagerTraits } from './key-manager.contract.js';
export { ledgerContract, type LedgerRig, type LedgerTraits } from './ledger.contract.js';
export { mailerContract, type MailerRig, type MailerTraits, type ReceivedMessage } from './mailer.contract.js';
export {
  passwordHasherContract,
  type PasswordHasherRig,
  type PasswordHasherTraits,
} from './password-hasher.contract.js';
