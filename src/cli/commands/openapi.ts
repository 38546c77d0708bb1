import { randomBytes } from 'node:crypto';
import { type Environment, loadConfig, withValues } from '../../config/load-config.js';
import { createApp } from '../../create-app.js';
import { ApiDocument } from '../../discovery/api-document.js';
import { MASTER_KEY_BYTES } from '../../kernel/crypto/key-ring.js';
import { Secret } from '../../kernel/crypto/secret.js';

/** The document as the service would serve it, without a database. */
export async function openApiText(env: Environment): Promise<string> {
  const config = loadConfig(env);
  const app = await createApp(
    withValues(config, {
      http: { publicUrl: config.http.publicUrl ?? new URL(`http://localhost:${config.http.port}`) },
      database: { url: config.database.url ?? new Secret('postgres://localhost/unused') },
      secrets: { keyRing: new Secret(`none:${randomBytes(MASTER_KEY_BYTES).toString('base64')}`) },
      logging: { level: 'silent' },
    }),
  );
  await app.init();
  const text = JSON.stringify(app.get(ApiDocument).get(), null, 2);
  await app.close();
  return text;
}

export async function printOpenApi(env: Environment): Promise<void> {
  console.log(await openApiText(env));
}
