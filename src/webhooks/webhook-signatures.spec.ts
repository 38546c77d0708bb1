import { describe, expect, it } from '@jest/globals';
import { newWebhookSecret, signatureHeaders } from './webhook-signatures.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const MESSAGE = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };

describe('signatures', () => {
  it('R226: are those of the published example of Standard Webhooks', () => {
    expect(signatureHeaders(MESSAGE, [SECRET])).toMatchObject({
      'webhook-id': MESSAGE.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('R228: there is one per live secret, in both schemes', () => {
    const headers = signatureHeaders(MESSAGE, [newWebhookSecret(), SECRET]);
    expect(headers['webhook-signature']).toMatch(/^v1,\S{44} v1,g0hM9SsE\S+$/);
    expect(headers['x-authsome-signature']).toMatch(/^t=1614265330,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  });

  it('R229: a secret is 32 random bytes', () => {
    const drawn = Array.from({ length: 100 }, newWebhookSecret);
    expect(new Set(drawn).size).toBe(100);
    for (const secret of drawn) expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
  });
});
