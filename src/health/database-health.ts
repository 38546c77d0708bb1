import { Injectable } from '@nestjs/common';
import { Database } from '../kernel/persistence/database.js';

const LONGEST_WAIT_MS = 1_000;

/** Whether the database answers, and soon. */
@Injectable()
export class DatabaseHealth {
  constructor(private readonly database: Database) {}

  async answers(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), LONGEST_WAIT_MS);
    });
    const ping = this.database.ping().then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([ping, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
