import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ACCESS_KINDS, type AccessRule } from '../http/access/access.js';

export class EndpointResponse {
  @ApiProperty() method: string;
  @ApiProperty() path: string;
  @ApiPropertyOptional({ description: 'The operation id in the OpenAPI document.' }) operation?: string;
  @ApiProperty({ description: 'Whether a credential is needed.' }) auth: boolean;
  @ApiProperty({ enum: ACCESS_KINDS, description: 'Which credential, and whose right.' }) access: string;
  @ApiPropertyOptional({ description: 'Whether the proof of identity must be recent.' }) fresh?: boolean;
}

/** What clients need to find their way: the Go server's manifest, with every route and who may call it. */
export class ManifestResponse {
  @ApiProperty() version: string;
  @ApiProperty() base_path: string;
  @ApiProperty({ type: [EndpointResponse] }) endpoints: EndpointResponse[];
}

export function toEndpoint(method: string, path: string, access: AccessRule, operation?: string): EndpointResponse {
  return {
    method,
    path,
    ...(operation === undefined ? {} : { operation }),
    auth: access.kind !== 'public',
    access: access.kind,
    ...('fresh' in access && access.fresh ? { fresh: true } : {}),
  };
}
