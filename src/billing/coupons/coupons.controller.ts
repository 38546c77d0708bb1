import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireScopes } from '../../http/access/access.js';
import { PageQuery, pageRequest } from '../../http/paging/page.query.js';
import { Acting, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { CouponNotFound, CouponTaken } from '../billing.problems.js';
import {
  CouponListResponse,
  CouponResponse,
  CreateCouponRequest,
  toCouponResponse,
  toNewCoupon,
} from '../dto/coupon.dto.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { CouponsService } from './coupons.service.js';

@ApiTags('Billing')
@Controller('v1/billing/coupons')
@UseGuards(EmbeddedEngineGuard)
export class CouponsController {
  constructor(private readonly coupons: CouponsService) {}

  @Get()
  @RequirePermission('manage', 'billing')
  @RequireScopes('read:billing')
  @ApiOperation({ operationId: 'listCoupons', summary: 'The coupons of an environment, newest first' })
  @ApiOkResponse({ type: CouponListResponse })
  @ApiProblems(BillingElsewhere)
  async list(@Tenant() scope: EnvScope, @Query() query: PageQuery): Promise<CouponListResponse> {
    const { items, nextCursor, total } = await this.coupons.list(scope, pageRequest(query));
    return {
      coupons: items.map(toCouponResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Post()
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'createCoupon', summary: 'Make a coupon' })
  @ApiCreatedResponse({ type: CouponResponse })
  @ApiProblems(CouponTaken, BillingElsewhere)
  async create(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Body() body: CreateCouponRequest,
  ): Promise<CouponResponse> {
    return toCouponResponse(await this.coupons.create(scope, toNewCoupon(body), actor));
  }

  @Delete(':couponId')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'deleteCoupon', summary: 'Delete a coupon; what it took off stays off' })
  @ApiNoContentResponse()
  @ApiProblems(CouponNotFound, BillingElsewhere)
  async delete(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @Param('couponId', new IdPipe('coupon')) id: Id<'coupon'>,
  ): Promise<void> {
    await this.coupons.delete(scope, id, actor);
  }
}
