import { defineProblem } from '../kernel/errors/problem.js';

export const UserImportNotFound = defineProblem({
  code: 'user_import_not_found',
  kind: 'not_found',
  title: 'No such import',
  detail: 'user import not found',
});

export const UserImportClosed = defineProblem({
  code: 'user_import_closed',
  kind: 'conflict',
  title: 'The import has started or is over',
  detail: 'rows can be added, and the import started, only while its state is receiving; create another import',
});

export const TooManyRows = defineProblem({
  code: 'too_many_rows',
  kind: 'conflict',
  title: 'The import would have too many rows',
  detail: 'an import has at most 1,000,000 rows; start this one, and put the rest into another one',
});

export const UnreadableRows = defineProblem({
  code: 'unreadable_rows',
  kind: 'invalid',
  title: 'The rows cannot be read',
  detail: 'send CSV with a line of column names, one JSON object per line, or {"users": […]}',
});
