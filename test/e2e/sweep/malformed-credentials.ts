const part = (text: string): string => Buffer.from(text).toString('base64url');
const jwt = (header: string, payload: string, signature = 'x'.repeat(86)): string =>
  `Bearer ${part(header)}.${part(payload)}.${signature}`;

const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"asgk_01jd3v3x6pe0p9m2s5f7q8w9ab"}';
const CLAIMS = '{"sub":"a","aud":"b","sid":"c","jti":"d","exp":99999999999,"iat":1}';
const TOKEN = 'a'.repeat(64);

/** What no credential may look like, and what looks like one and opens nothing. */
export const MALFORMED_CREDENTIALS: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
  ['an empty header', { authorization: '' }],
  ['the scheme alone', { authorization: 'Bearer' }],
  ['the scheme and spaces', { authorization: 'Bearer   ' }],
  ['two tokens', { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
  ['two credentials', { authorization: `Bearer ${TOKEN}, Bearer ${TOKEN}` }],
  ['a token without a scheme', { authorization: TOKEN }],
  ['a tab for a space', { authorization: `Bearer\t${TOKEN}` }],
  ['a control byte', { authorization: `Bearer ${TOKEN}\u0001` }],
  ['a letter outside ASCII', { authorization: `Bearer ${TOKEN}é` }],
  ['Basic garbage', { authorization: 'Basic %%%' }],
  ['Basic with a name and password', { authorization: `Basic ${btoa('a:b')}` }],
  ['an unknown token', { authorization: `Bearer ${TOKEN}` }],
  ['an unknown token of another length', { authorization: `Bearer ${TOKEN}ff` }],
  ['a token in upper case', { authorization: `Bearer ${TOKEN.toUpperCase()}` }],
  ['a token of a megabyte', { authorization: `Bearer ${'a'.repeat(1_048_576)}` }],
  ['a JWT with a foreign key', { authorization: jwt(HEADER, CLAIMS) }],
  ['a JWT of algorithm none', { authorization: jwt('{"alg":"none"}', CLAIMS, '') }],
  ['a JWT of algorithm none with a signature', { authorization: jwt('{"alg":"none"}', CLAIMS) }],
  ['a JWT of algorithm HS256', { authorization: jwt('{"alg":"HS256","kid":"a"}', CLAIMS) }],
  ['a JWT with a name twice in its header', { authorization: jwt('{"alg":"none","alg":"ES256","kid":"a"}', CLAIMS) }],
  ['a JWT with an array for a header', { authorization: jwt('[]', CLAIMS) }],
  ['a JWT with a number for a header', { authorization: jwt('1', CLAIMS) }],
  ['a JWT with null for a payload', { authorization: jwt(HEADER, 'null') }],
  ['a JWT with text for a payload', { authorization: jwt(HEADER, '"a"') }],
  ['a JWT with a number for kid', { authorization: jwt('{"alg":"ES256","kid":7}', CLAIMS) }],
  ['a JWT with a prototype name for kid', { authorization: jwt('{"alg":"ES256","kid":"__proto__"}', CLAIMS) }],
  ['a JWT with an unknown critical member', { authorization: jwt('{"alg":"ES256","crit":["x"],"x":1}', CLAIMS) }],
  ['a JWT of broken base64', { authorization: 'Bearer a.b.c' }],
  ['a JWT of broken base64 parts', { authorization: 'Bearer abcdefgh.-----.____' }],
  ['ten segments', { authorization: `Bearer ${Array.from({ length: 10 }, () => part('{}')).join('.')}` }],
  ['an empty cookie', { cookie: '__Host-authsome_session=' }],
  ['an unknown token in the cookie', { cookie: `__Host-authsome_session=${TOKEN}` }],
  ['two session cookies', { cookie: `__Host-authsome_session=${TOKEN}; __Host-authsome_session=${TOKEN}` }],
  ['a cookie of ten kilobytes', { cookie: `__Host-authsome_session=${'a'.repeat(10_240)}` }],
  ['a cookie without the prefix', { cookie: `authsome_session=${TOKEN}` }],
  ['cookie garbage', { cookie: ';;;=;__Host-authsome_session' }],
];
