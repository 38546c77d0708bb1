import { defineProblem } from '../kernel/errors/problem.js';

export const ParkedEventNotFound = defineProblem({
  code: 'parked_event_not_found',
  kind: 'not_found',
  title: 'No such parked event',
  detail: 'it was not put aside, was taken since, or is older than what is kept',
});

export const ParkedEventRefused = defineProblem({
  code: 'parked_event_refused',
  kind: 'conflict',
  title: 'The consumer refused the event again',
  detail: 'the log line of this request says why; mend the cause, then try again',
});
