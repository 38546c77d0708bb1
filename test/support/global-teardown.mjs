// Jest's globalTeardown: stops what global-setup.mjs started.
import { RUN } from './global-setup.mjs';

export default async function globalTeardown() {
  const run = await globalThis[RUN];
  // Another project of the same run may have been here first.
  delete globalThis[RUN];
  await run?.stop();
}
