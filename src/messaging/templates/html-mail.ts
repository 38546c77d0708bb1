import { escapeHtml } from './escape-html.js';

export interface MailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What a mail is made of. Both of its forms are rendered from the same parts, so they cannot say different things. */
export type MailPart =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'link'; readonly label: string; readonly url: string }
  | { readonly kind: 'code'; readonly code: string };

export const paragraph = (text: string): MailPart => ({ kind: 'paragraph', text });
export const link = (label: string, url: string): MailPart => ({ kind: 'link', label, url });
export const code = (value: string): MailPart => ({ kind: 'code', code: value });

/**
 * Renders a mail. Everything is escaped and put on one line here, so a template need not think of it: a name with a line break cannot
 * add a header, one with markup cannot add a link (R337). No images, no outside style sheets: opening the mail tells nobody.
 */
export function renderMail(subject: string, parts: readonly MailPart[]): MailContent {
  const title = oneLine(subject);
  return {
    subject: title,
    text: `${parts.map(asText).join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5">
<div style="max-width:520px;margin:0 auto">
${parts.map(asHtml).join('\n')}
</div>
</body>
</html>
`,
  };
}

function asText(part: MailPart): string {
  switch (part.kind) {
    case 'paragraph':
      return oneLine(part.text);
    case 'link':
      return `${oneLine(part.label)}:\n${oneLine(part.url)}`;
    case 'code':
      return `    ${oneLine(part.code)}`;
  }
}

function asHtml(part: MailPart): string {
  switch (part.kind) {
    case 'paragraph':
      return `<p>${escapeHtml(oneLine(part.text))}</p>`;
    case 'link':
      return linkAsHtml(escapeHtml(oneLine(part.label)), escapeHtml(oneLine(part.url)));
    case 'code':
      return `<p style="font-size:28px;letter-spacing:6px;font-weight:600">${escapeHtml(oneLine(part.code))}</p>`;
  }
}

/** The address is also shown: people should see where a link leads, and some mail programs show no links. */
function linkAsHtml(label: string, url: string): string {
  return `<p><a href="${url}" style="display:inline-block;padding:10px 20px;border-radius:6px;background:#1f5fbf;color:#ffffff;text-decoration:none">${label}</a></p>
<p style="font-size:13px">Or open this address:<br><span style="word-break:break-all">${url}</span></p>`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
