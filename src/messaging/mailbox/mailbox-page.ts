import type { KeptMessage } from '../adapters/mailbox.mailer.js';
import { escapeHtml } from '../templates/escape-html.js';

/** The kept messages as a page for people, without scripts; it reloads itself. Every value is literal text (R337). */
export function mailboxPage(messages: readonly KeptMessage[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Mailbox (${messages.length})</title>
<link rel="stylesheet" href="../pages/pages.css">
</head>
<body>
<main class="wide">
<h1>Mailbox</h1>
<p>Messages of this development service, newest first. They are kept in memory and were sent to nobody.</p>
${messages.length === 0 ? '<p>No message yet.</p>' : messages.map(asArticle).join('\n')}
</main>
</body>
</html>
`;
}

function asArticle(message: KeptMessage): string {
  const { subject, to, purpose, received_at: receivedAt, code, link, text } = message;
  return `<article>
<h2>${escapeHtml(subject)}</h2>
<dl>
<dt>To</dt><dd>${escapeHtml(to)}</dd>
<dt>Purpose</dt><dd>${escapeHtml(purpose)}</dd>
<dt>Sent</dt><dd><time datetime="${escapeHtml(receivedAt)}">${escapeHtml(receivedAt)}</time></dd>
${code === null ? '' : `<dt>Code</dt><dd><code>${escapeHtml(code)}</code></dd>`}
${link === null ? '' : `<dt>Link</dt><dd>${anchor(link)}</dd>`}
</dl>
<pre>${escapeHtml(text)}</pre>
</article>`;
}

/** Only web addresses become clickable: escaping does not disarm `javascript:`. */
function anchor(link: string): string {
  const text = escapeHtml(link);
  return /^https?:\/\//.test(link) ? `<a href="${text}" rel="noreferrer">${text}</a>` : text;
}
