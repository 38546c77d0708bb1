/** Every kind of identifier and its prefix. This is the only list: a new entity starts by adding a line here. */
export const ID_PREFIXES = {
  user: 'ausr',
  session: 'ases',
  session_family: 'asfm',
  app: 'aapp',
  environment: 'aenv',
  publishable_key: 'apbk',
  organization: 'aorg',
  member: 'amem',
  invitation: 'ainv',
  device: 'adev',
  webhook: 'awhk',
  role: 'arol',
  permission: 'aprm',
  form_config: 'afcf',
  session_config: 'ascf',
  client_config: 'aacf',
  verification: 'avrf',
  password_reset: 'apwr',
  email_change: 'aech',
  event: 'aevt',
  audit_entry: 'aaud',
  job: 'ajob',
  message: 'amsg',
  signing_key: 'asgk',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
