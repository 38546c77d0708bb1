import { ApiProperty } from '@nestjs/swagger';
import { IsDefined } from 'class-validator';
import { PageQuery } from '../../http/paging/page.query.js';
import { Choice, OptionalId, OptionalText } from '../../http/validation/text.decorators.js';
import { SETTING_SCOPES, type SettingScope } from '../setting-definition.js';

const WHERE = 'The level: the deployment, an app, an environment, an organization or a user.';

/** Where a value is set. `global` needs nothing more, the others the id of what the value is set on. */
export class SettingPlaceQuery {
  @Choice(SETTING_SCOPES, WHERE) scope: SettingScope;
  @OptionalText({ longest: 64, description: 'Id of the app, environment or user. Of an app it may stand in app_id.' })
  scope_id?: string;
  @OptionalId('app', 'The app that the environment or user belongs to.') app_id?: string;
}

export class SettingHistoryQuery extends PageQuery {
  @Choice(SETTING_SCOPES, WHERE) scope: SettingScope;
  @OptionalText({ longest: 64, description: 'Id of the app, environment or user.' }) scope_id?: string;
  @OptionalId('app', 'The app that the environment or user belongs to.') app_id?: string;
}

export class PutSettingRequest extends SettingPlaceQuery {
  @ApiProperty({
    description: 'As the definition says. Numbers, flags and lists may also come as the text of their JSON.',
    oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'array', items: { type: 'string' } }],
  })
  @IsDefined({ message: '$property is required' })
  value: unknown;
}

export class DefinitionsQuery {
  @OptionalText({ longest: 64 }) namespace?: string;
}

/** For whom settings are resolved: the most specific of what is named. */
export class ResolveQuery {
  @OptionalText({ longest: 64 }) namespace?: string;
  @OptionalId('app') app_id?: string;
  @OptionalId('environment') env_id?: string;
  @OptionalId('organization') org_id?: string;
  @OptionalId('user') user_id?: string;
}
