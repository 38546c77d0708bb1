const PASSWORD = 'correct horse battery staple';
export const credentials = { password: PASSWORD };

async function call(url, key, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-publishable-key': key, 'user-agent': 'bench' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** The publishable key of the default app's development environment. */
export async function publishableKey(database) {
  const { rows } = await database.query(
    `SELECT k.key FROM publishable_keys k JOIN apps a ON a.id = k.app_id JOIN environments e ON e.id = k.env_id
     WHERE a.slug = 'default' AND e.is_default`,
  );
  return rows[0].key;
}

export function signUp(service, key, email) {
  return call(`${service.url}/v1/signup`, key, { email, password: PASSWORD });
}

export async function signUpMany(service, key, count) {
  const people = [];
  for (let index = 0; index < count; index += 1) {
    const email = `bench-${index}-${Math.floor(performance.now() * 1_000)}@example.com`;
    people.push({ email, ...(await signUp(service, key, email)) });
  }
  return people;
}
