import { OptionalText, QueryInteger } from '../validation/text.decorators.js';
import type { PageRequest } from '../../kernel/persistence/page.js';

const DEFAULT_LIMIT = 20;
export const MOST_PER_PAGE = 100;

/** One contract for every list: `limit` 1 to 100 (default 20) and the `next_cursor` of the page before. */
export class PageQuery {
  @QueryInteger(1, MOST_PER_PAGE, 'How many to return; 20 when absent.') limit?: number;
  @OptionalText({ longest: 1_024, description: 'next_cursor of the previous page.' }) cursor?: string;
}

export function pageRequest(query: PageQuery): PageRequest {
  return {
    // An empty text counts as absent.
    limit: query.limit || DEFAULT_LIMIT,
    ...(query.cursor ? { cursor: query.cursor } : {}),
  };
}
