import { type MailContent, paragraph, renderMail } from './html-mail.js';

export interface ApiKeyLeakedParameters {
  readonly appName: string;
  readonly keyName: string;
  /** What of the key may be shown: how it begins and ends. */
  readonly keyHint: string;
  /** Where it was found; absent where the reporter does not say. */
  readonly url?: string | undefined;
  readonly action: 'revoked' | 'suspended' | 'none';
}

const CONSEQUENCES = {
  revoked: 'It was revoked at once and opens nothing any more. Make another key for whatever used it.',
  suspended:
    'It was suspended at once and opens nothing for now. Rotate it with the reason “compromise”, give the new key to whatever used it, and reactivate it: without the rotation the leaked key would work again.',
  none: 'It still works. Rotate it with the reason “compromise”, or revoke it, as soon as you can.',
} as const;

/** To whoever answers for an API key that was found in public. */
export function apiKeyLeakedMail({ appName, keyName, keyHint, url, action }: ApiKeyLeakedParameters): MailContent {
  return renderMail(`An API key of ${appName} was leaked`, [
    paragraph('Hello,'),
    paragraph(`the key “${keyName}” of ${appName} (${keyHint}) was found where everybody can read it.`),
    // As text and no link: the address is somebody else's, and opening it is not what has to be done first.
    ...(url === undefined ? [] : [paragraph(`It was found here: ${url}`)]),
    paragraph(CONSEQUENCES[action]),
    paragraph('Whoever read it may have used it: look at what it was used for since.'),
  ]);
}
