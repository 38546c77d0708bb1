import { OptionalId, OptionalText } from '../../http/validation/text.decorators.js';

export class RefreshRequest {
  @OptionalText({ longest: 512, description: 'Absent in cookie mode.' }) refresh_token?: string;
  @OptionalId('app') app_id?: string;
}
