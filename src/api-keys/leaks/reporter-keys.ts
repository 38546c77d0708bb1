import type { KeyObject } from 'node:crypto';

/** The public keys of whoever reports leaks. */
export abstract class ReporterKeys {
  /** Whether reports are taken at all. */
  abstract readonly isOn: boolean;

  /**
   * @returns undefined when the reporter has no such key.
   * @throws ServiceUnavailable when that cannot be told right now.
   */
  abstract find(identifier: string): Promise<KeyObject | undefined>;
}
