'use strict';

// The secret is in the fragment, which the browser sends nowhere. It leaves the address bar and the history before anything else happens.
const token = new URLSearchParams(location.hash.slice(1)).get('token');
history.replaceState(null, '', location.pathname);
addEventListener('hashchange', () => location.reload());

const part = (id) => document.getElementById(id);
// The pages may be served below a prefix; the API is its sibling.
const api = location.pathname.replace(/\/pages\/[^/]*$/, '/v1/');
let invitation;

function say(kind, text) {
  part('status').className = kind;
  part('status').textContent = text;
}

/** @returns the answer; throws what the service says against it, in words. */
async function post(path, body, headers = {}) {
  const response = await fetch(api + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
    credentials: 'omit',
    cache: 'no-store',
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.detail || 'That did not work. Please try again in a moment.');
  return answer;
}

/** Looking changes nothing, however often and by whomever. */
async function look() {
  invitation = await post('orgs/invitations/lookup', { token });
  part('org-name').textContent = invitation.org_name;
  part('app-name').textContent = invitation.app_name;
  part('role').textContent = invitation.role;
  part('email').textContent = invitation.email;
  part('invitation').hidden = false;
  part('answer').hidden = false;
  say('', '');
}

async function accept() {
  const { email, publishable_key } = invitation;
  const tenant = { 'x-publishable-key': publishable_key };
  const password = part('password').value;
  const isNew = !part('has-account').checked;
  const session = isNew
    ? await post('signup', { email, password, name: part('name').value, invitation_token: token }, tenant)
    : await post('signin', { email, password }, tenant);
  if (session.session_token === undefined)
    throw new Error('Please sign in to the app first, then open the link again.');
  const bearer = { authorization: `Bearer ${session.session_token}` };
  if (!isNew) await post('orgs/invitations/accept', { token }, bearer);
  // The session was for this page alone.
  await post('signout', {}, bearer).catch(() => undefined);
  finish('You are a member now. Sign in to the app to begin.');
}

async function decline() {
  await post('orgs/invitations/decline', { token });
  finish('The invitation is declined. You can close this page.');
}

function finish(text) {
  part('answer').hidden = true;
  say('done', text);
}

async function attempt(work) {
  part('accept').disabled = part('decline').disabled = true;
  say('', 'One moment…');
  try {
    await work();
  } catch (error) {
    say(
      'failed',
      error instanceof TypeError ? 'The service cannot be reached. Please try again in a moment.' : error.message,
    );
  }
  part('accept').disabled = part('decline').disabled = false;
}

part('answer').addEventListener('submit', (event) => {
  event.preventDefault();
  return attempt(accept);
});
part('decline').addEventListener('click', () => attempt(decline));
part('has-account').addEventListener('change', (event) => {
  part('names').hidden = event.target.checked;
});

if (token) attempt(look);
else say('failed', 'This link is not complete. Please open it from the mail again.');
