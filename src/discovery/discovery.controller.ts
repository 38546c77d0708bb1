import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { Public } from '../http/access/access.js';
import { Always } from '../http/access/always.decorator.js';
import { RoutePolicies } from '../http/access/route-policies.js';
import { PACKAGE } from '../start/package-info.js';
import { ApiDocument } from './api-document.js';
import { ManifestResponse, toEndpoint } from './manifest.js';

@ApiTags('Discovery')
@Controller('.well-known/authsome')
export class DiscoveryController {
  constructor(
    private readonly document: ApiDocument,
    private readonly policies: RoutePolicies,
    private readonly config: Config,
  ) {}

  @Get('openapi')
  @Always()
  @Public({ tenant: 'none' })
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ operationId: 'getOpenAPI', summary: 'This document' })
  @ApiOkResponse({ schema: { type: 'object' } })
  openApi(): OpenAPIObject {
    return this.document.get();
  }

  @Get('manifest')
  @Always()
  @Public({ tenant: 'none' })
  @ApiOperation({ operationId: 'getManifest', summary: 'Every route and which credential it takes' })
  @ApiOkResponse({ type: ManifestResponse })
  manifest(): ManifestResponse {
    const { paths } = this.document.get();
    return {
      version: PACKAGE.version,
      base_path: this.config.http.pathPrefix,
      endpoints: this.policies.routes.map(({ method, path, policy }) => {
        const documented = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase() as 'get'];
        return toEndpoint(method, path, policy.access, documented?.operationId);
      }),
    };
  }
}
