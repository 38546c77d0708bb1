import { AsyncLocalStorage } from 'node:async_hooks';

/** A unit of work that spans a whole request (see `DeferredUnit`); the transaction runner joins it when there is one. */
export interface RequestUnit {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * What is known of the request being served and needed far from the controller: its id for log lines, audit entries and
 * problem documents, the client's address and agent, and the unit of work of an idempotent request.
 * Who is calling and for which tenant are parameters, never taken from here.
 */
export interface RequestContext {
  readonly requestId: string;
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
  unit?: RequestUnit;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const requestContext = {
  run<T>(context: RequestContext, work: () => T): T {
    return storage.run(context, work);
  },
  /** Undefined outside a request: in jobs, at start, in tests of services. */
  current(): RequestContext | undefined {
    return storage.getStore();
  },
};
