import { describe, expect, it } from '@jest/globals';
import { scopeTo } from '../../kernel/context/scope.js';
import { EventMessages, type ToldFact } from './event-messages.js';
import { EventResources } from './event-resources.js';

const SCOPE = scopeTo.env('aapp_x' as never, 'aenv_x' as never);
const FACT = {
  id: 'aevt_x',
  appId: 'aapp_x',
  envId: 'aenv_x',
  name: 'user.created',
  subjectId: 'ausr_x',
  sequence: '7',
  payload: { user_id: 'ausr_x' },
  occurredAt: new Date(0),
} as unknown as ToldFact;

const messagesWith = (metadata: object): EventMessages => {
  const resources = new EventResources();
  const read = () => Promise.resolve(new Map([['ausr_x', { id: 'ausr_x', metadata }]]));
  resources.register({ name: 'user', key: 'user_id', read });
  return new EventMessages(resources);
};

describe('messages', () => {
  it('show what a payload names, beside the payload', async () => {
    const [message] = await messagesWith({ plan: 'pro' }).compose(SCOPE, [FACT]);
    expect(message).toMatchObject({
      sequence: 7,
      data: { user_id: 'ausr_x', user: { id: 'ausr_x', metadata: { plan: 'pro' } } },
    });
  });

  it('R232: stay below 20 kB, whatever is in the metadata', async () => {
    const full = Object.fromEntries(Array.from({ length: 50 }, (_, key) => [`key_${key}`, '✓'.repeat(1_024)]));
    const [message] = await messagesWith(full).compose(SCOPE, [FACT]);
    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(20_000);
    expect(message?.data).toEqual({ user_id: 'ausr_x', user: { id: 'ausr_x' } });
  });

  it('know each resource by one name', () => {
    const resources = new EventResources();
    const resource = { name: 'user', key: 'user_id', read: () => Promise.resolve(new Map()) };
    resources.register(resource);
    expect(() => resources.register(resource)).toThrow('user');
  });
});
