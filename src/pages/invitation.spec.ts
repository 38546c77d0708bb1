import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';

const FOLDER = join(import.meta.dirname, 'static');
const SCRIPT = readFileSync(join(FOLDER, 'invitation.js'), 'utf8');
const PAGE = readFileSync(join(FOLDER, 'invitation.html'), 'utf8');

interface Element {
  hidden: boolean;
  disabled: boolean;
  checked: boolean;
  textContent: string;
  className: string;
  value: string;
  readonly listeners: Record<string, (event: object) => Promise<void> | undefined>;
}

interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: string;
}

const SHOWN = {
  org_name: 'Engines',
  app_name: 'Acme',
  email: 'ada@example.com',
  role: 'admin',
  publishable_key: 'pk_test_1',
};
const ANSWERS: Readonly<Record<string, object>> = {
  'orgs/invitations/lookup': SHOWN,
  signup: { session_token: 'new-session' },
  signin: { session_token: 'own-session' },
};

/** Runs the script against the little of a browser that it uses, and waits until it has looked the invitation up. */
async function open(url = 'https://id.example.com/auth/pages/invitation#token=abc', refused: readonly string[] = []) {
  const sent: Sent[] = [];
  const addresses: string[] = [];
  const parts = new Map<string, Element>();
  for (const [, id] of PAGE.matchAll(/\sid="([^"]+)"/g)) {
    const listeners: Element['listeners'] = {};
    parts.set(
      id as string,
      {
        hidden: true,
        disabled: false,
        checked: false,
        textContent: '',
        className: '',
        value: '',
        listeners,
        addEventListener: (type: string, listener: Element['listeners'][string]) => void (listeners[type] = listener),
      } as Element,
    );
  }
  const part = (id: string): Element => parts.get(id) as Element;
  const { hash, pathname } = new URL(url);
  runInNewContext(SCRIPT, {
    URLSearchParams,
    Error,
    TypeError,
    location: { hash, pathname, reload: () => undefined },
    history: { replaceState: (_state: unknown, _title: string, address: string) => addresses.push(address) },
    addEventListener: () => undefined,
    document: { getElementById: part },
    fetch: (target: string, { body, headers, credentials }: { body: string } & Omit<Sent, 'path' | 'body'>) => {
      const path = target.replace('/auth/v1/', '');
      sent.push({ path, body: JSON.parse(body) as Sent['body'], headers, credentials });
      const ok = !refused.includes(path);
      const answer = ok ? (ANSWERS[path] ?? {}) : { detail: `${path} is refused` };
      return Promise.resolve({ ok, json: () => Promise.resolve(answer) });
    },
  });
  await new Promise((resolve) => setImmediate(resolve));
  const submit = () => part('answer').listeners.submit?.({ preventDefault: () => undefined });
  return { part, sent, addresses, submit };
}

describe('the page of an invitation', () => {
  it('R114: opening it only looks: the secret leaves the address bar and goes to the look-up alone', async () => {
    const { part, sent, addresses } = await open();
    expect(addresses).toEqual(['/auth/pages/invitation']);
    expect(sent).toMatchObject([{ path: 'orgs/invitations/lookup', body: { token: 'abc' }, credentials: 'omit' }]);
    expect([part('org-name').textContent, part('role').textContent]).toEqual(['Engines', 'admin']);
    expect(part('answer').hidden).toBe(false);
  });

  it('signs somebody new up with the invitation, and ends the session that it needed', async () => {
    const { part, sent, submit } = await open();
    part('name').value = 'Ada';
    part('password').value = 'a long passphrase';
    await submit();
    const [, signUp, signOut] = sent;
    expect(signUp).toMatchObject({
      path: 'signup',
      headers: { 'x-publishable-key': 'pk_test_1' },
      body: { email: 'ada@example.com', password: 'a long passphrase', name: 'Ada', invitation_token: 'abc' },
    });
    expect(signOut).toMatchObject({ path: 'signout', headers: { authorization: 'Bearer new-session' } });
    expect(part('status').className).toBe('done');
    expect(part('answer').hidden).toBe(true);
  });

  it('signs somebody known in, and accepts with their session', async () => {
    const { part, sent, submit } = await open();
    part('has-account').checked = true;
    await submit();
    expect(sent.map(({ path }) => path)).toEqual([
      'orgs/invitations/lookup',
      'signin',
      'orgs/invitations/accept',
      'signout',
    ]);
    expect(sent[2]).toMatchObject({ body: { token: 'abc' }, headers: { authorization: 'Bearer own-session' } });
  });

  it('declines', async () => {
    const { part, sent } = await open();
    await part('decline').listeners.click?.({});
    expect(sent.at(-1)).toMatchObject({ path: 'orgs/invitations/decline', body: { token: 'abc' } });
    expect(part('status').className).toBe('done');
  });

  it('says what the service says against it, and lets the person try again', async () => {
    const { part, submit } = await open(undefined, ['signup']);
    await submit();
    expect(part('status')).toMatchObject({ className: 'failed', textContent: 'signup is refused' });
    expect([part('answer').hidden, part('accept').disabled]).toEqual([false, false]);
  });

  it('shows no form for a link that is void or without its secret', async () => {
    const void_ = await open(undefined, ['orgs/invitations/lookup']);
    expect([void_.part('answer').hidden, void_.part('status').className]).toEqual([true, 'failed']);
    const bare = await open('https://id.example.com/auth/pages/invitation');
    expect([bare.sent.length, bare.part('answer').hidden, bare.part('status').className]).toEqual([0, true, 'failed']);
  });
});
