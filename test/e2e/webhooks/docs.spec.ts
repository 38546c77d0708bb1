import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { freePort } from '../../../src/embedded-postgres/free-port.js';
import { newWebhookSecret, signatureHeaders } from '../../../src/webhooks/webhook-signatures.js';
import { eventually } from '../../support/eventually.js';

const SAMPLE = /```ts\n(.*?)```/s.exec(readFileSync('docs/webhooks.md', 'utf8'))?.[1] ?? '';

describe('the receiver of docs/webhooks.md', () => {
  const secret = newWebhookSecret();
  let receiver: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/`;
    const { outputText } = ts.transpileModule(SAMPLE, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    receiver = spawn(process.execPath, ['--input-type=module', '-e', outputText], {
      env: { PATH: process.env.PATH, WEBHOOK_SECRET: secret, PORT: String(port) },
      stdio: 'inherit',
    });
    await eventually('a receiver that listens', () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    );
  });
  afterAll(() => void receiver.kill());

  const post = async (body: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })).status;

  it('takes what is signed, and nothing else', async () => {
    const body = JSON.stringify({ id: 'aevt_1', event: 'user.created', data: {} });
    const message = { id: 'aevt_1', timestamp: Math.floor(Date.now() / 1_000), body };
    expect(await post(body, signatureHeaders(message, [secret]))).toBe(204);
    expect(await post(body, signatureHeaders(message, [newWebhookSecret(), secret]))).toBe(204);
    expect(await post(body, signatureHeaders(message, [newWebhookSecret()]))).toBe(401);
    expect(await post(body.replace('created', 'deleted'), signatureHeaders(message, [secret]))).toBe(401);
    const old = { ...message, timestamp: message.timestamp - 600 };
    expect(await post(body, signatureHeaders(old, [secret]))).toBe(401);
  });
});
