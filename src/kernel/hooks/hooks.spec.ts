import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { defineProblem, DomainError } from '../errors/problem.js';
import { Hooks } from './hooks.js';

declare module './hooks.js' {
  interface HookMap {
    'before.test': { readonly value: string };
    'before.other': { readonly value: string };
  }
}

const Vetoed = defineProblem({ code: 'hooks_spec_vetoed', kind: 'forbidden', title: 'Vetoed', detail: 'not today' });

const CONTEXT = { value: 'x' };

describe('Hooks', () => {
  afterEach(() => void jest.useRealTimers());

  it('run in the order of registration, each after the one it waits for, one at a time', async () => {
    const hooks = new Hooks();
    const order: string[] = [];
    const note = (id: string) => async (): Promise<void> => {
      order.push(`${id} starts`);
      await Promise.resolve();
      order.push(`${id} ends`);
    };
    hooks.on('before.test', { id: 'last', after: 'second' }, note('last'));
    hooks.on('before.test', { id: 'first' }, note('first'));
    hooks.on('before.test', { id: 'second', after: 'first' }, note('second'));
    await hooks.run('before.test', CONTEXT);
    expect(order).toEqual(['first starts', 'first ends', 'second starts', 'second ends', 'last starts', 'last ends']);
  });

  it('are given what is about to happen, and belong to their moment', async () => {
    const hooks = new Hooks();
    const seen: unknown[] = [];
    hooks.on('before.test', { id: 'a' }, (context) => void seen.push(context));
    hooks.on('before.other', { id: 'a' }, () => void seen.push('other'));
    await hooks.run('before.test', CONTEXT);
    expect(seen).toEqual([CONTEXT]);
  });

  it('a moment without hooks passes', async () => {
    await expect(new Hooks().run('before.test', CONTEXT)).resolves.toBeUndefined();
  });

  it('a veto is the answer, and hooks after it are not asked', async () => {
    const hooks = new Hooks();
    let asked = false;
    hooks.on('before.test', { id: 'veto' }, () => Promise.reject(new Vetoed()));
    hooks.on('before.test', { id: 'next' }, () => void (asked = true));
    await expect(hooks.run('before.test', CONTEXT)).rejects.toBeInstanceOf(Vetoed);
    expect(asked).toBe(false);
  });

  it('a hook that waits for one nobody registered runs', async () => {
    const hooks = new Hooks();
    const run = jest.fn<() => void>();
    hooks.on('before.test', { id: 'a', after: 'absent' }, run);
    await hooks.run('before.test', CONTEXT);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('marker');
      },
    ],
    ['rejects', () => Promise.reject(new Error('marker'))],
    ['rejects with no error', () => Promise.reject('marker' as unknown as Error)],
  ])('a control that %s does not wave through, and its words stay inside', async (_how, handler) => {
    const hooks = new Hooks();
    hooks.on('before.test', { id: 'acme.check' }, handler);
    const refusal = await hooks.run('before.test', CONTEXT).catch((error: unknown) => error as DomainError);
    expect(refusal).toMatchObject({ code: 'service_unavailable', kind: 'unavailable' });
    expect((refusal as DomainError).message).not.toContain('marker');
    expect(String((refusal as DomainError).cause)).toContain('hook acme.check of before.test failed');
  });

  it('a control that does not answer within five seconds refuses', async () => {
    jest.useFakeTimers();
    const hooks = new Hooks();
    hooks.on('before.test', { id: 'silent' }, () => new Promise(() => undefined));
    const outcome = hooks.run('before.test', CONTEXT).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({ code: 'service_unavailable' });
  });

  it('an answer in time leaves no timer behind', async () => {
    jest.useFakeTimers();
    const hooks = new Hooks();
    hooks.on('before.test', { id: 'quick' }, () => Promise.resolve());
    await hooks.run('before.test', CONTEXT);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('one id twice for a moment, and hooks that wait for each other, are found when they are registered', () => {
    const hooks = new Hooks();
    hooks.on('before.test', { id: 'a', after: 'b' }, () => undefined);
    expect(() => hooks.on('before.test', { id: 'a' }, () => undefined)).toThrow('registered twice');
    expect(() => hooks.on('before.test', { id: 'b', after: 'a' }, () => undefined)).toThrow(
      'hooks wait for each other',
    );
  });
});
