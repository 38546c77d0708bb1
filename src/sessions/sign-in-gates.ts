import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../kernel/context/client-info.js';
import type { EnvScope } from '../kernel/context/scope.js';
import type { UserEntity } from '../users/user.entity.js';

export interface SignInAttempt {
  readonly user: UserEntity;
  readonly methods: readonly string[];
  readonly client: ClientInfo;
}

/** A condition for getting a session, checked on every way in. Throws a problem to refuse (an MFA gate: with a ticket in its extras). */
export interface SignInGate {
  readonly id: string;
  check(scope: EnvScope, attempt: SignInAttempt): Promise<void>;
}

/** The gates in force. A module that demands a gate which nobody registered stops the boot: MFA is never missing by accident. */
@Injectable()
export class SignInGates {
  readonly #gates: SignInGate[] = [];

  register(gate: SignInGate): void {
    if (this.#gates.some(({ id }) => id === gate.id)) throw new Error(`sign-in gate ${gate.id} is registered twice`);
    this.#gates.push(gate);
  }

  async pass(scope: EnvScope, attempt: SignInAttempt): Promise<void> {
    for (const gate of this.#gates) await gate.check(scope, attempt);
  }
}
