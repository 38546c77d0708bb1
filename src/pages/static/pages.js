'use strict';

// The secret is in the fragment, which the browser sends nowhere. It leaves the address bar and the history before anything else
// happens, so that it is not left behind for the next person at this screen, for a screenshot or for an extension.
const link = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, '', location.pathname);
// A second link opened in the same tab changes only the fragment, which loads nothing by itself.
addEventListener('hashchange', () => location.reload());

const main = document.querySelector('main');
const form = document.querySelector('form');
const button = document.querySelector('button');
const password = document.getElementById('new-password');
const token = link.get('token');

function say(kind, text) {
  const status = document.getElementById('status');
  status.className = kind;
  status.textContent = text;
}

async function submit() {
  const body = password === null ? { token } : { token, new_password: password.value };
  // The pages may be served below a prefix; the API is its sibling.
  const api = location.pathname.replace(/\/pages\/[^/]*$/, '/v1/');
  const response = await fetch(api + main.dataset.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
    cache: 'no-store',
  });
  if (response.ok) {
    form.hidden = true;
    say('done', main.dataset.done);
    return;
  }
  const problem = await response.json().catch(() => ({}));
  say('failed', problem.detail || 'That did not work. Please try again in a moment.');
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  say('', 'One moment…');
  try {
    await submit();
  } catch {
    say('failed', 'The service cannot be reached. Please try again in a moment.');
  }
  button.disabled = false;
});

document.getElementById('show-password')?.addEventListener('change', (event) => {
  password.type = event.target.checked ? 'text' : 'password';
});

const email = document.getElementById('email');
if (email !== null) email.textContent = link.get('email') ?? '';

if (token) form.hidden = false;
else say('failed', 'This link is not complete. Please open it from the mail again.');
