import { describe, expect, it } from '@jest/globals';
import { accountExistsMail } from './account-exists.js';
import { apiKeyLeakedMail } from './api-key-leaked.js';
import { changeEmailMail } from './change-email.js';
import { emailChangeNoticeMail } from './email-change-notice.js';
import { emailChangedMail } from './email-changed.js';
import { code, link, paragraph, renderMail } from './html-mail.js';
import { inWords } from './in-words.js';
import { passwordChangedMail } from './password-changed.js';
import { resetPasswordMail } from './reset-password.js';
import { verifyEmailMail } from './verify-email.js';

const HOUR_MS = 3_600_000;

const given = {
  appName: 'Acme',
  link: 'https://id.example.com/pages/x#token=abc&email=a%40example.com',
  linkTtlMs: 24 * HOUR_MS,
  code: '012345',
  codeTtlMs: HOUR_MS / 6,
};

const TEMPLATES = {
  verifyEmailMail,
  resetPasswordMail,
  changeEmailMail,
  emailChangeNoticeMail,
  emailChangedMail,
  passwordChangedMail,
  accountExistsMail,
  apiKeyLeakedMail: ({ appName }: { readonly appName: string }) =>
    apiKeyLeakedMail({ appName, keyName: appName, keyHint: 'ath_live_ab12…wxyz', action: 'revoked' }),
};
const all = Object.entries(TEMPLATES).map(([name, render]) => ({ name, render }));
const WITHOUT_LINK = ['passwordChangedMail', 'accountExistsMail', 'apiKeyLeakedMail'];
const withLink = all.filter(({ name }) => !WITHOUT_LINK.includes(name));

/** What a mail program shows of a body: no markup, entities read. */
function shown(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
}

describe.each(all)('$name', ({ render }) => {
  it('R337: markup, templates and entities in the name of an app appear literally', () => {
    const appName = `<img src=x onerror=alert(1)>"'&amp; {{7*7}} \${7*7} <%= 7 %>`;
    const mail = render({ ...given, appName });
    expect(mail.html).not.toContain('<img');
    expect(shown(mail.html)).toContain(appName);
    expect(mail.text).toContain(appName);
    expect(mail.subject).toContain(appName);
  });

  it('R337: a line break in a name starts no new header and no new line', () => {
    const mail = render({ ...given, appName: 'Acme\r\nBcc: eve@example.com\n\n\u2028Eve' });
    expect(mail.subject).toContain('Acme Bcc: eve@example.com Eve');
    expect(mail.subject).not.toMatch(/[\r\n\u2028]/);
    expect(mail.text).not.toMatch(/^Bcc:/m);
  });

  it('loads nothing from anywhere and runs nothing', () => {
    const { html } = render(given);
    expect(html).not.toMatch(/<(img|link|script|iframe|object|style)\b|url\(|@import|\bsrc=|\bon\w+=/i);
  });

  it('greets, and names the app in the subject and in both bodies', () => {
    const mail = render(given);
    for (const part of [mail.subject, mail.text, mail.html]) expect(part).toContain('Acme');
  });
});

describe.each(withLink)('$name', ({ render }) => {
  it('holds the link whole in both bodies, and says how long it works', () => {
    const mail = render(given);
    expect(mail.text.split('\n')).toContain(given.link);
    expect(mail.html).toContain(`href="${given.link.replace('&', '&amp;')}"`);
    expect(mail.text).toContain('24 hours');
    expect(shown(mail.html)).toContain('24 hours');
  });
});

describe('verifyEmailMail', () => {
  it('holds the code with its leading zeros, and how long it works', () => {
    const mail = verifyEmailMail(given);
    for (const body of [mail.text, shown(mail.html)]) {
      expect(body).toContain('012345');
      expect(body).toContain('10 minutes');
    }
  });
});

describe('renderMail', () => {
  it('R337: escapes every kind of part', () => {
    const hostile = `"><script>alert('x')</script>`;
    const { html } = renderMail(hostile, [paragraph(hostile), link(hostile, hostile), code(hostile)]);
    expect(html).not.toContain('<script>');
    expect(html).not.toContain(hostile);
    expect(shown(html).split(hostile)).toHaveLength(6);
  });
});

describe('inWords', () => {
  it.each([
    [1_000, '1 second'],
    [90_000, '90 seconds'],
    [60_000, '1 minute'],
    [600_000, '10 minutes'],
    [HOUR_MS, '1 hour'],
    [1.5 * HOUR_MS, '90 minutes'],
    [24 * HOUR_MS, '24 hours'],
    [48 * HOUR_MS, '2 days'],
    [36 * HOUR_MS, '36 hours'],
    [7 * 24 * HOUR_MS, '7 days'],
    [2.9 * HOUR_MS, '2 hours'],
  ])('says %i ms as %s', (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});
