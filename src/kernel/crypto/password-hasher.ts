/**
 * Turns passwords into self-describing strings and checks them. A port: the rules around it (who may try, how often,
 * what a failure costs) live in {@link Passwords} and in the sign-in flow.
 */
export abstract class PasswordHasher {
  /** Names the implementation in force, for the start-up log. */
  abstract readonly name: string;
  /** @returns a PHC string with its own random salt. */
  abstract hash(password: string): Promise<string>;
  /** @returns false for a wrong password and for a string that this hasher cannot read or refuses to compute. */
  abstract verify(stored: string, password: string): Promise<boolean>;
  /** Whether `stored` is a hash this hasher can check. */
  abstract reads(stored: string): boolean;
  /** Whether `stored` was made with other parameters than today's. */
  abstract isOutdated(stored: string): boolean;
}
