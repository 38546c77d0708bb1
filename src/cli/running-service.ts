import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from '../create-app.js';
import { Logger } from '../kernel/logging/logger.js';
import { Starter } from '../start/starter.js';
import type { ResolvedConfig } from './resolve-config.js';

/** The application of a command, with everything that has to end with it. */
export class RunningService {
  private constructor(
    readonly app: NestFastifyApplication,
    private readonly resolved: ResolvedConfig,
  ) {}

  /** Opens the port, then brings the service up behind it. @throws what cannot get better by waiting. */
  static async serve(resolved: ResolvedConfig): Promise<RunningService> {
    const service = new RunningService(await createApp(resolved.config), resolved);
    try {
      const { port, host } = resolved.config.http;
      await service.app.listen(port, host);
      await service.app.get(Starter).start();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** Brings the service up without a port: for commands. */
  static async offline(resolved: ResolvedConfig): Promise<RunningService> {
    const service = new RunningService(await createApp(resolved.config), resolved);
    try {
      await service.app.init();
      await service.app.get(Starter).start();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  get logger(): Logger {
    return this.app.get(Logger);
  }

  /** Readiness turns false, accepted requests finish, jobs are handed back, the embedded database stops last. */
  async stop(): Promise<void> {
    const starter = this.app.get(Starter);
    await starter.stop();
    await this.app.close();
    await starter.stopped();
    await this.resolved.embedded?.stop();
  }
}
