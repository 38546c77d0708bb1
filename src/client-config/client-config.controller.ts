import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { TenantRecord } from '../environments/tenant-record.js';
import { TenantRecords } from '../environments/tenant-records.js';
import { ActiveForms } from '../form-configs/active-forms.js';
import { ClientFieldResponse, toClientField } from '../form-configs/dto/form-field.dto.js';
import { FORM_TYPES } from '../form-configs/form-field.js';
import { Public } from '../http/access/access.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { RateLimit } from '../http/rate-limit/rate-limit.decorator.js';
import { Text } from '../http/validation/text.decorators.js';
import { defineProblem } from '../kernel/errors/problem.js';

const UnknownPublishableKey = defineProblem({
  code: 'unknown_publishable_key',
  kind: 'not_found',
  title: 'No such publishable key',
  detail: 'invalid publishable key',
});

class ClientConfigQuery {
  @Text({ longest: 128, description: 'A publishable key.' }) key: string;
}

class Enabled {
  @ApiProperty() enabled: boolean;
}

class EmailVerification extends Enabled {
  @ApiProperty() required: boolean;
}

class Branding {
  @ApiPropertyOptional() app_name?: string;
  @ApiPropertyOptional() logo_url?: string;
}

/** What a sign-in page needs to know to draw itself. */
class ClientConfigResponse {
  @ApiProperty({ example: '1' }) version: string;
  @ApiProperty() app_id: string;
  @ApiProperty() env_id: string;
  @ApiProperty() signup_enabled: boolean;
  @ApiProperty() branding: Branding;
  @ApiProperty() password: Enabled;
  @ApiProperty() email_verification: EmailVerification;
  @ApiPropertyOptional({ type: [ClientFieldResponse], description: 'What `metadata` of POST /v1/signup must hold.' })
  signup_fields?: ClientFieldResponse[];
  @ApiPropertyOptional({ type: [ClientFieldResponse], description: 'What `metadata` of POST /v1/signin must hold.' })
  signin_fields?: ClientFieldResponse[];
  @ApiPropertyOptional({ type: [ClientFieldResponse], description: 'What `metadata` of PATCH /v1/me may hold.' })
  profile_fields?: ClientFieldResponse[];
}

@ApiTags('Discovery')
@Controller('v1/client-config')
export class ClientConfigController {
  constructor(
    private readonly tenants: TenantRecords,
    private readonly forms: ActiveForms,
  ) {}

  @Get()
  @Public({ tenant: 'none' })
  @RateLimit('publicReadPerIp')
  @ApiOperation({ operationId: 'getClientConfig', summary: 'What an app offers its users, for drawing a sign-in page' })
  @ApiOkResponse({ type: ClientConfigResponse })
  @ApiProblems(UnknownPublishableKey)
  async get(@Query() { key }: ClientConfigQuery): Promise<ClientConfigResponse> {
    const tenant = await this.tenants.byPublishableKey(key);
    if (tenant === undefined) throw new UnknownPublishableKey();
    return { ...toClientConfig(tenant), ...(await this.fieldsOf(tenant)) };
  }

  private async fieldsOf({ scope }: TenantRecord): Promise<Record<string, ClientFieldResponse[]>> {
    const forms = await this.forms.all(scope);
    const drawn: Record<string, ClientFieldResponse[]> = {};
    for (const type of FORM_TYPES) {
      const form = forms.get(type);
      if (form !== undefined) drawn[`${type}_fields`] = form.fields.map(toClientField);
    }
    return drawn;
  }
}

function toClientConfig({ scope, appName, logoUrl, client }: TenantRecord): ClientConfigResponse {
  return {
    version: '1',
    app_id: scope.appId,
    env_id: scope.envId,
    signup_enabled: client.signupEnabled,
    branding: { app_name: appName, ...(logoUrl === undefined ? {} : { logo_url: logoUrl }) },
    password: { enabled: client.passwordEnabled },
    email_verification: { enabled: client.passwordEnabled, required: client.requireEmailVerification },
  };
}
