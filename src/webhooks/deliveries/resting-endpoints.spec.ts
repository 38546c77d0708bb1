import { describe, expect, it } from '@jest/globals';
import type { Id } from '../../kernel/ids/id.js';
import { RestingEndpoints } from './resting-endpoints.js';

const HOOK = 'awhk_x' as Id<'webhook'>;

describe('an endpoint that failed', () => {
  it('is left alone for a while, longer each time, and never for more than half a minute', () => {
    const endpoints = new RestingEndpoints();
    let nowMs = 0;
    const rests = Array.from({ length: 8 }, () => {
      endpoints.failed(HOOK, nowMs);
      const begunMs = nowMs;
      while (endpoints.at(nowMs).length > 0) nowMs += 500;
      return nowMs - begunMs;
    });
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is as good as new once something was delivered', () => {
    const endpoints = new RestingEndpoints();
    for (let failure = 0; failure < 5; failure += 1) endpoints.failed(HOOK, 0);
    endpoints.recovered(HOOK);
    expect(endpoints.at(0)).toEqual([]);
    endpoints.failed(HOOK, 0);
    expect(endpoints.at(999)).toEqual([HOOK]);
    expect(endpoints.at(1_000)).toEqual([]);
  });
});
