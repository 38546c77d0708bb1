import { expect } from '@jest/globals';
import type { Answer } from './api-client.js';

/** Expects a complete problem document (RFC 9457, and what Authsome clients read) with one of the statuses, and nothing internal in it. */
export function expectProblem(answer: Answer, expected: number | readonly number[], type?: string): void {
  const { status, body, headers } = answer;
  const statuses = typeof expected === 'number' ? [expected] : expected;
  if (!statuses.includes(status)) throw new Error(`expected ${statuses.join(' or ')}, got ${status}: ${answer.text}`);
  expect(String(headers['content-type'])).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({
    type: expect.stringMatching(/^[a-z]+(_[a-z]+)*$/),
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    request_id: headers['x-request-id'],
    error: body.detail,
    code: status,
  });
  expect(answer.text).not.toMatch(/node_modules|\.[jt]s:\d+|SELECT |INSERT |\bat [A-Z]\w+\./);
  if (type !== undefined) expect(body.type).toBe(type);
}
