import { describe, expect, it } from '@jest/globals';
import { HashSlots } from './hash-slots.js';
import { KeyedSlots } from './keyed-slots.js';

/** Work that ends when it is told to. */
class Work {
  running = 0;
  most = 0;
  readonly #ends: ((failure?: Error) => void)[] = [];

  readonly run = (): Promise<void> => {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    return new Promise((resolve, reject) => {
      this.#ends.push((failure) => {
        this.running -= 1;
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  };

  end(failure?: Error): void {
    this.#ends.shift()?.(failure);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('HashSlots', () => {
  it('runs as many at once as there are slots, the rest in the order they came', async () => {
    const slots = new HashSlots(2, 10);
    const work = new Work();
    const order: number[] = [];
    const all = [0, 1, 2, 3, 4].map((index) => slots.run(work.run).then(() => void order.push(index)));
    for (let index = 0; index < 5; index += 1) {
      await settled();
      expect(work.running).toBe(Math.min(2, 5 - index));
      work.end();
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(work.most).toBe(2);
  });

  it('past the queue says to come back, at once (F17)', async () => {
    const slots = new HashSlots(1, 1);
    const work = new Work();
    const accepted = [slots.run(work.run), slots.run(work.run)];
    await expect(slots.run(work.run)).rejects.toMatchObject({
      code: 'overloaded',
      kind: 'unavailable',
      extras: { retry_after: 1 },
    });
    for (let left = accepted.length; left > 0; left -= 1) {
      await settled();
      work.end();
    }
    await Promise.all(accepted);
    expect(work.most).toBe(1);
  });

  it('work that fails gives its slot back', async () => {
    const slots = new HashSlots(1, 1);
    const work = new Work();
    const failing = slots.run(work.run);
    const next = slots.run(work.run);
    work.end(new Error('no'));
    await expect(failing).rejects.toThrow('no');
    await settled();
    work.end();
    await next;
    await expect(slots.run(() => Promise.resolve('free'))).resolves.toBe('free');
  });

  it('nobody slips in between the end of one and the turn of the next', async () => {
    const slots = new HashSlots(1, 2);
    const work = new Work();
    const first = slots.run(work.run);
    const waiting = slots.run(work.run);
    const late = first.then(() => slots.run(work.run));
    work.end();
    await settled();
    expect(work.running).toBe(1);
    work.end();
    await settled();
    work.end();
    await Promise.all([waiting, late]);
    expect(work.most).toBe(1);
  });

  it('gives back what the work gives', async () => {
    expect(await new HashSlots(1, 0).run(() => Promise.resolve(42))).toBe(42);
  });
});

describe('KeyedSlots', () => {
  it('work for one key waits for its own kind and delays nobody else', async () => {
    const slots = new KeyedSlots(1, 5);
    const ada = new Work();
    const bob = new Work();
    const all = [slots.run('ada', ada.run), slots.run('ada', ada.run), slots.run('bob', bob.run)];
    await settled();
    expect([ada.running, bob.running]).toEqual([1, 1]);
    bob.end();
    await all[2];
    ada.end();
    await settled();
    ada.end();
    await Promise.all(all);
    expect(ada.most).toBe(1);
  });

  it('one key that is overloaded leaves the others open', async () => {
    const slots = new KeyedSlots(1, 0);
    const work = new Work();
    const running = slots.run('ada', work.run);
    await expect(slots.run('ada', work.run)).rejects.toMatchObject({ code: 'overloaded' });
    await expect(slots.run('bob', () => Promise.resolve('in'))).resolves.toBe('in');
    work.end();
    await running;
  });

  it('a key whose work has ended or failed starts anew', async () => {
    const slots = new KeyedSlots(1, 0);
    await expect(slots.run('ada', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(slots.run('ada', () => Promise.resolve('again'))).resolves.toBe('again');
  });
});
