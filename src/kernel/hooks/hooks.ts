import { Injectable } from '@nestjs/common';
import { ServiceUnavailable } from '../errors/common-problems.js';
import { DomainError } from '../errors/problem.js';

/**
 * Moments at which other modules may look at what is about to happen, add to it, or veto it by throwing a `DomainError`.
 * Modules declare moments by declaration merging, as with events. Hooks run before the transaction, so they may call out.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- empty here on purpose: every module merges its moments in
export interface HookMap {}

export type HookName = keyof HookMap & string;

export interface HookOptions {
  /** Names the hook in logs and in other hooks' `after`. Unique per moment. */
  readonly id: string;
  /** Run after the hook with this id. */
  readonly after?: string;
}

export type HookHandler<Name extends HookName> = (context: HookMap[Name]) => Promise<void> | void;

interface Registered {
  readonly options: HookOptions;
  readonly handler: (context: unknown) => Promise<void> | void;
}

const LONGEST_RUN_MS = 5_000;

@Injectable()
export class Hooks {
  readonly #handlers = new Map<string, Registered[]>();

  on<Name extends HookName>(name: Name, options: HookOptions, handler: HookHandler<Name>): void {
    const registered = this.#handlers.get(name) ?? [];
    if (registered.some((other) => other.options.id === options.id)) {
      throw new Error(`hook ${options.id} is registered twice for ${name}`);
    }
    registered.push({ options, handler: handler as Registered['handler'] });
    this.#handlers.set(name, inOrder(registered));
  }

  /**
   * Runs every hook of the moment in order. A `DomainError` is the hook's veto and passes through; any other failure, or
   * five seconds without an answer, refuses the operation: a control that cannot answer does not wave through.
   */
  async run<Name extends HookName>(name: Name, context: HookMap[Name]): Promise<void> {
    for (const { options, handler } of this.#handlers.get(name) ?? []) {
      try {
        await withDeadline(handler(context), LONGEST_RUN_MS);
      } catch (error) {
        if (error instanceof DomainError) throw error;
        throw new ServiceUnavailable({ cause: new Error(`hook ${options.id} of ${name} failed`, { cause: error }) });
      }
    }
  }
}

function inOrder(hooks: Registered[]): Registered[] {
  const sorted: Registered[] = [];
  const place = (hook: Registered, path: string[]): void => {
    if (sorted.includes(hook)) return;
    const { id, after } = hook.options;
    if (path.includes(id)) throw new Error(`hooks wait for each other: ${[...path, id].join(' → ')}`);
    const before = hooks.find((other) => other.options.id === after);
    if (before !== undefined) place(before, [...path, id]);
    sorted.push(hook);
  };
  for (const hook of hooks) place(hook, []);
  return sorted;
}

async function withDeadline(work: Promise<void> | void, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
