import { type ChildProcessByStdio, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const SCRIPT = path.resolve('test/integration/embedded-postgres/service-process.mjs');
const LAUNCHER = path.resolve('dist/src/embedded-postgres/embedded-postgres.js');

interface Answer {
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
  /** Whom the service runs as. */
  readonly uid: number;
}

interface Failure {
  readonly failure: string;
  readonly message: string;
}

interface Interruption {
  readonly interrupted: true;
}

export interface ServiceOptions extends Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'detached'> {
  /** Put before the command line of the service. */
  readonly wrapper?: readonly string[];
  readonly script?: string;
  readonly launcher?: string;
}

/** A process of its own that uses the embedded PostgreSQL as the service does. */
export class Service {
  private constructor(
    readonly process: ChildProcessByStdio<Writable, Readable, null>,
    private readonly lines: AsyncIterator<string>,
  ) {}

  static spawn(folder: string, options: ServiceOptions = {}): Service {
    const { wrapper = [], script = SCRIPT, launcher = LAUNCHER, ...rest } = options;
    const [file = process.execPath, ...args] = [...wrapper, process.execPath, script, launcher, folder];
    const child = spawn(file, args, { ...rest, stdio: ['pipe', 'pipe', 'inherit'] });
    return new Service(child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
  }

  /** @throws Error when it does not start. */
  static async start(folder: string, options?: ServiceOptions): Promise<Service & { readonly answer: Answer }> {
    const service = Service.spawn(folder, options);
    const answer = await service.says();
    if (!('ownerUrl' in answer)) throw new Error(JSON.stringify(answer));
    return Object.assign(service, { answer });
  }

  async says(): Promise<Answer | Failure | Interruption> {
    const line = await this.lines.next();
    if (line.done === true) throw new Error('the service ended without a word');
    return JSON.parse(line.value) as Answer | Failure | Interruption;
  }

  async stop(): Promise<void> {
    this.process.stdin.end();
    await this.gone();
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.gone();
  }

  private async gone(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
  }
}
