import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Id } from '../kernel/ids/id.js';
import { DeliveryFailed, type Mailer } from '../messaging/mailer.js';
import type { Message } from '../messaging/message.js';
import { type ContractCase, contractCase } from './contract-case.js';

/** A message as the other side got it. */
export interface ReceivedMessage {
  /** Whom the transport was told to deliver to. */
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mailer with the other side it talks to. */
export interface MailerRig {
  readonly mailer: Mailer;
  /** What arrived so far, oldest first. */
  received(): readonly ReceivedMessage[];
  /** From now on the other side refuses every message, and says so in words that repeat the message. */
  breakDown(): void;
  /** Everything that was logged. */
  logs(): string;
  close(): Promise<void>;
}

export interface MailerTraits {
  /** False for a mailer that drops messages by design. */
  readonly delivers: boolean;
  /** Whether there is another side that can fail. */
  readonly remote: boolean;
}

const MARKERS = {
  to: 'marker-to',
  link: 'marker-link',
  code: '909142',
  subject: 'marker-subject',
  text: 'marker-text',
};

/** Spellings that one program reads as one address and another as several, or as another one (CVE-2022-35924, GHSA-mm7p-fcc7-pg87). */
const TRICKY_RECIPIENTS = [
  'one@a.example,two@b.example',
  'one@a.example; two@b.example',
  'one@a.example two@b.example',
  '"one@a.example two"@b.example',
  '"one@a.example, two"@b.example',
  '<one@a.example>, two@b.example',
  'One <one@a.example>',
  'list: one@a.example, two@b.example;',
  'one@a.example\r\nBcc: two@b.example',
  'one@a.example>\r\nRCPT TO:<two@b.example',
  'one@a.example@b.example',
  'one(@a.example)@b.example',
];

/** What every adapter of {@link Mailer} must do. */
export function mailerContract(make: () => Promise<MailerRig>, traits: MailerTraits): ContractCase[] {
  const contract = (name: string, check: (rig: MailerRig) => Promise<void>): ContractCase =>
    contractCase(name, async () => {
      const rig = await make();
      try {
        await check(rig);
      } finally {
        await rig.close();
      }
    });

  return [
    contract('has a name for logs and health', async ({ mailer }) => {
      assert.match(mailer.name, /^[a-z][a-z0-9-]*$/);
    }),
    contract(
      traits.delivers ? 'delivers a message once, whole, to its one address' : 'accepts a message and delivers nothing',
      async (rig) => {
        const message = exampleMessage({});
        await rig.mailer.send(message);
        assert.deepEqual(rig.received().map(trimmed), traits.delivers ? [expected(message)] : []);
      },
    ),
    ...(traits.delivers
      ? [
          contract('keeps a subject and texts in any script, and lines that begin with a dot', async (rig) => {
            const message = exampleMessage({
              subject:
                'Grüße an Ævar — 確認してください 🦊, and a subject that is longer than one line of a mail header',
              text: `Zażółć gęślą jaźń 🦊\n.\n..dots\n${'long '.repeat(400)}`,
              html: '<p>Zażółć gęślą jaźń 🦊</p>\n.\n<p>确认</p>',
            });
            await rig.mailer.send(message);
            assert.deepEqual(rig.received().map(trimmed), [expected(message)]);
          }),
          contract('R337: delivers escaped HTML as it was written', async (rig) => {
            const message = exampleMessage({
              html: '<p>&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}} ${7*7} &amp;amp;</p>',
            });
            await rig.mailer.send(message);
            assert.equal(rig.received()[0]?.html.trim(), message.html);
          }),
          contract('R018: a subject with a line break adds no header and no recipient', async (rig) => {
            const message = exampleMessage({ subject: 'Hello\r\nBcc: two@b.example\r\n\r\nbody' });
            await rig.mailer.send(message).catch(onlyDeliveryFailed);
            assert.ok(rig.received().every(({ recipients }) => recipients.join() === message.to));
          }),
          contract('delivers messages that are sent at the same time', async (rig) => {
            const messages = ['a', 'b', 'c', 'd'].map((name) => exampleMessage({ to: `${name}@a.example` }));
            await Promise.all(messages.map((message) => rig.mailer.send(message)));
            const recipients = rig.received().flatMap((message) => message.recipients);
            assert.deepEqual(recipients.sort(), ['a@a.example', 'b@a.example', 'c@a.example', 'd@a.example']);
          }),
        ]
      : []),
    ...TRICKY_RECIPIENTS.map((to) =>
      contract(`R018: ${JSON.stringify(to)} reaches nobody but exactly that address`, async (rig) => {
        await rig.mailer.send(exampleMessage({ to })).catch(onlyDeliveryFailed);
        for (const { recipients } of rig.received()) assert.deepEqual(recipients, [to]);
      }),
    ),
    ...(traits.remote
      ? [
          contract(
            'raises DeliveryFailed when the other side refuses, so that the message is tried again',
            async (rig) => {
              rig.breakDown();
              await assert.rejects(rig.mailer.send(exampleMessage({})), DeliveryFailed);
              assert.deepEqual(rig.received(), []);
            },
          ),
        ]
      : []),
    contract('R301: neither logs nor errors hold the address, the link, the code or the text', async (rig) => {
      const message = exampleMessage({
        to: `${MARKERS.to}@a.example`,
        link: `https://a.example/#token=${MARKERS.link}`,
        code: MARKERS.code,
        subject: MARKERS.subject,
        text: `${MARKERS.text} ${MARKERS.code}`,
      });
      await rig.mailer.send(message);
      rig.breakDown();
      const failure: unknown = await rig.mailer.send(message).catch((error: unknown) => error);
      const said = rig.logs() + inspect(failure, { depth: 10, showHidden: true });
      for (const marker of Object.values(MARKERS)) assert.ok(!said.includes(marker), `${marker} was repeated`);
    }),
  ];
}

function exampleMessage(changes: Partial<Message>): Message {
  return {
    id: 'amsg_01h2xcejqtf2nbrexx3vqjhp41' as Id<'message'>,
    to: 'ada@a.example',
    purpose: 'verify_email',
    appId: 'aapp_01h2xcejqtf2nbrexx3vqjhp41' as Id<'app'>,
    envId: 'aenv_01h2xcejqtf2nbrexx3vqjhp41' as Id<'environment'>,
    subject: 'Confirm your e-mail address',
    text: 'Hello,\n\nplease confirm.',
    html: '<p>Hello,</p><p>please confirm.</p>',
    ...changes,
  };
}

function expected({ to, subject, text, html }: Message): ReceivedMessage {
  return trimmed({ recipients: [to], subject, text, html });
}

/** Mail adds a line break at the end and may write line breaks in its own way; nothing else may differ. */
function trimmed({ recipients, subject, text, html }: ReceivedMessage): ReceivedMessage {
  const lines = (written: string): string => written.replace(/\r\n/g, '\n').trim();
  return { recipients, subject, text: lines(text), html: lines(html) };
}

function onlyDeliveryFailed(error: unknown): void {
  assert.ok(error instanceof DeliveryFailed, inspect(error));
}
