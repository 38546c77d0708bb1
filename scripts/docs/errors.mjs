import { PROBLEM_STATUS } from '../../dist/src/http/problems/problem-document.js';
import { problemCatalogue } from '../../dist/src/kernel/errors/problem.js';
import { code, grouped, page, table } from './markdown.mjs';

const STATUS_NAMES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const EXAMPLE = `{
  "type": "rate_limited",
  "title": "Too many requests",
  "status": 429,
  "detail": "wait as long as Retry-After says, then try again",
  "request_id": "0197b3f2-…",
  "retry_after": 12,
  "error": "wait as long as Retry-After says, then try again",
  "code": 429
}`;

export function errorsPage() {
  const byStatus = grouped(problemCatalogue(), ({ kind }) => PROBLEM_STATUS[kind]);
  return page(
    'Errors',
    'Every failure is a problem document (RFC 9457, `application/problem+json`). Decide by `type`: it is stable and unique, and it is never given another meaning. `title` and `detail` are for people and may change.',
    `\`\`\`json\n${EXAMPLE}\n\`\`\``,
    '`error` and `code` repeat `detail` and `status` for clients written for Authsome. `request_id` finds the log line. `errors[]` of `validation_failed` names each field. With a `Retry-After` header the same request may succeed later.',
    ...[...byStatus].sort(([a], [b]) => a - b).map(([status, problems]) => section(status, problems)),
  );
}

function section(status, problems) {
  const name = STATUS_NAMES[status];
  if (name === undefined) throw new Error(`scripts/docs/errors.mjs has no name for status ${status}`);
  const rows = problems.map((problem) => [code(problem.code), problem.title, problem.detail]);
  return `## ${status} ${name}\n\n${table(['`type`', 'What happened', 'What to do'], rows)}`;
}
