import { Body, Controller, Delete, Get, Param, Patch, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import { RequireFreshSession, RequireSession } from '../http/access/access.js';
import { DEVICE_COOKIE, setCookie } from '../http/authentication/session-cookie.js';
import { IfMatch, PreconditionFailed } from '../http/etag.js';
import { PageQuery, pageRequest } from '../http/paging/page.query.js';
import { Caller } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { answersInCookies } from '../http/request-state.js';
import { status, StatusResponse } from '../http/responses/status.response.js';
import { Clock } from '../kernel/clock/clock.js';
import { actorOf, type UserPrincipal } from '../kernel/context/principal.js';
import type { Id } from '../kernel/ids/id.js';
import { DeviceNotFound } from './devices.problems.js';
import { DevicesService } from './devices.service.js';
import { DeviceListResponse, DeviceResponse, toDeviceResponse, TrustedDeviceResponse } from './dto/device.response.js';
import { RenameDeviceRequest } from './dto/rename-device.request.js';

const deviceId = () => Param('deviceId', new IdPipe('device'));

@ApiTags('Devices')
@Controller('v1/devices')
export class DevicesController {
  constructor(
    private readonly devices: DevicesService,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  @Get()
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'listDevices', summary: 'The devices you signed in from, newest first' })
  @ApiOkResponse({ type: DeviceListResponse })
  async list(@Caller() caller: UserPrincipal, @Query() query: PageQuery): Promise<DeviceListResponse> {
    const { items, nextCursor } = await this.devices.list(caller.scope, caller.userId, pageRequest(query));
    const now = this.clock.now();
    return {
      devices: items.map((device) => toDeviceResponse(device, caller.deviceId, now)),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':deviceId')
  @RequireSession({ impersonators: true })
  @ApiOperation({ operationId: 'getDevice', summary: 'Read a device of yours' })
  @ApiOkResponse({ type: DeviceResponse })
  @ApiProblems(DeviceNotFound)
  async get(@Caller() caller: UserPrincipal, @deviceId() id: Id<'device'>): Promise<DeviceResponse> {
    const device = await this.devices.get(caller.scope, caller.userId, id);
    return toDeviceResponse(device, caller.deviceId, this.clock.now());
  }

  @Patch(':deviceId')
  @RequireSession()
  @ApiOperation({ operationId: 'renameDevice', summary: 'Rename a device of yours' })
  @ApiOkResponse({ type: DeviceResponse })
  @ApiProblems(DeviceNotFound, PreconditionFailed)
  async rename(
    @Caller() caller: UserPrincipal,
    @deviceId() id: Id<'device'>,
    @IfMatch() version: number | undefined,
    @Body() { name }: RenameDeviceRequest,
  ): Promise<DeviceResponse> {
    const { scope, userId, deviceId: current } = caller;
    const device = await this.devices.rename(scope, userId, id, name, version, actorOf(caller));
    return toDeviceResponse(device, current, this.clock.now());
  }

  @Patch(':deviceId/trust')
  @RequireFreshSession()
  @ApiOperation({ operationId: 'trustDevice', summary: 'Trust a device of yours' })
  @ApiOkResponse({ type: TrustedDeviceResponse })
  @ApiProblems(DeviceNotFound)
  async trust(
    @Caller() caller: UserPrincipal,
    @deviceId() id: Id<'device'>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TrustedDeviceResponse> {
    const { scope, userId, deviceId: current } = caller;
    const { device, token } = await this.devices.trust(scope, userId, id, current, actorOf(caller));
    const response = toDeviceResponse(device, current, this.clock.now());
    if (token === undefined) return response;
    if (!answersInCookies(request)) return Object.assign(response, { device_token: token });
    setCookie(
      reply,
      DEVICE_COOKIE,
      token,
      this.clock.in(this.config.devices.trustTtlMs),
      this.config.http.cookieSameSite,
    );
    return response;
  }

  @Delete(':deviceId')
  @RequireSession()
  @ApiOperation({ operationId: 'deleteDevice', summary: 'Remove a device of yours and end its sessions' })
  @ApiOkResponse({ type: StatusResponse })
  @ApiProblems(DeviceNotFound)
  async delete(@Caller() caller: UserPrincipal, @deviceId() id: Id<'device'>): Promise<StatusResponse> {
    await this.devices.delete(caller.scope, caller.userId, id, actorOf(caller));
    return status('deleted');
  }
}
