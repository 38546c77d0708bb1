import type { Message } from './message.js';

/**
 * Hands messages to whatever delivers them. A port: `src/testing/mailer.contract.ts` says what every adapter must do.
 */
export abstract class Mailer {
  /** For logs and health, such as `smtp`. */
  abstract readonly name: string;

  /**
   * Returns when the message is the other side's to deliver. Bounded in time: at most 15 seconds. The same message may come twice, after a
   * worker died.
   * @throws DeliveryFailed when it should be tried again later.
   */
  abstract send(message: Message): Promise<void>;

  /**
   * Tries to reach the other side without sending anything.
   * @throws DeliveryFailed
   */
  check?(): Promise<void>;
}

/**
 * A message did not leave. The reason is logged and kept with the job, so it holds nothing of the message and nothing that the other side
 * said about it: mail servers like to repeat the address (R301).
 */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed';
}
