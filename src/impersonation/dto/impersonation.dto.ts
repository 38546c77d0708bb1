import { OptionalId, OptionalInteger, Text } from '../../http/validation/text.decorators.js';

export const LONGEST_IMPERSONATION_SECONDS = 1_800;

export class ImpersonateRequest {
  @OptionalId('app') app_id?: string;
  @Text({ shortest: 5, longest: 500, description: 'Why: kept with the session and in the audit trail.' })
  reason: string;
  @OptionalInteger(
    60,
    LONGEST_IMPERSONATION_SECONDS,
    'Life of the session, which no refresh extends; 1800 when absent.',
  )
  duration_seconds?: number | null;
}
