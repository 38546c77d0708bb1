import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission, RequireSession, RequireScopes } from '../../http/access/access.js';
import { pageRequest } from '../../http/paging/page.query.js';
import { Acting, AsOperator, Caller, Tenant } from '../../http/params/caller.decorators.js';
import { IdPipe } from '../../http/params/id.pipe.js';
import { ApiProblems } from '../../http/problems/api-problems.decorator.js';
import type { Actor } from '../../kernel/audit/audit-trail.js';
import type { UserPrincipal } from '../../kernel/context/principal.js';
import type { EnvScope } from '../../kernel/context/scope.js';
import type { Id } from '../../kernel/ids/id.js';
import { BilledCallers } from '../billed-callers.js';
import { InvoiceNotFound, InvoiceStateConflict, SubjectNotFound } from '../billing.problems.js';
import {
  InvoiceListResponse,
  InvoiceResponse,
  ListInvoicesQuery,
  MarkInvoicePaidRequest,
  toInvoiceResponse,
  VoidInvoiceRequest,
} from '../dto/invoice.dto.js';
import { TenantQuery } from '../dto-parts.js';
import { BillingElsewhere, EmbeddedEngineGuard } from '../embedded-engine.guard.js';
import { InvoicesService } from './invoices.service.js';

const InvoiceId = () => Param('invoiceId', new IdPipe('invoice'));

@ApiTags('Billing')
@Controller('v1/billing/invoices')
@UseGuards(EmbeddedEngineGuard)
export class InvoicesController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly callers: BilledCallers,
  ) {}

  @Get()
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'listInvoices', summary: 'Invoices, newest first' })
  @ApiOkResponse({ type: InvoiceListResponse })
  @ApiProblems(SubjectNotFound, BillingElsewhere)
  async list(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @Query() query: ListInvoicesQuery,
  ): Promise<InvoiceListResponse> {
    const by = { caller, scope, asOperator };
    const everybody = !query.tenant_id && (await this.callers.manages(by));
    const subject = everybody ? undefined : await this.callers.subject(by, query.tenant_id, 'books');
    const filter = { ...(subject && { subjectKey: subject.key }), ...(query.status && { status: query.status }) };
    const { items, nextCursor, total } = await this.invoices.list(scope, filter, pageRequest(query));
    return {
      invoices: items.map(toInvoiceResponse),
      total,
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get(':invoiceId')
  @RequireSession({ operators: true })
  @ApiOperation({ operationId: 'getInvoice', summary: 'Read an invoice' })
  @ApiOkResponse({ type: InvoiceResponse })
  @ApiProblems(InvoiceNotFound, SubjectNotFound, BillingElsewhere)
  async get(
    @Tenant() scope: EnvScope,
    @Caller() caller: UserPrincipal,
    @AsOperator() asOperator: boolean,
    @InvoiceId() id: Id<'invoice'>,
    @Query() { tenant_id }: TenantQuery,
  ): Promise<InvoiceResponse> {
    const by = { caller, scope, asOperator };
    const everybody = !tenant_id && (await this.callers.manages(by));
    const owner = everybody ? undefined : (await this.callers.subject(by, tenant_id, 'books')).key;
    return toInvoiceResponse(await this.invoices.get(scope, id, owner));
  }

  @Post(':invoiceId/pay')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'markInvoicePaid', summary: 'Say that an invoice was paid' })
  @ApiNoContentResponse()
  @ApiProblems(InvoiceNotFound, InvoiceStateConflict, BillingElsewhere)
  async pay(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @InvoiceId() id: Id<'invoice'>,
    @Body() { payment_ref }: MarkInvoicePaidRequest,
  ): Promise<void> {
    await this.invoices.pay(scope, id, payment_ref || null, actor);
  }

  @Post(':invoiceId/void')
  @HttpCode(204)
  @RequirePermission('manage', 'billing')
  @RequireScopes('write:billing')
  @ApiOperation({ operationId: 'voidInvoice', summary: 'Make an invoice void' })
  @ApiNoContentResponse()
  @ApiProblems(InvoiceNotFound, InvoiceStateConflict, BillingElsewhere)
  async void(
    @Tenant() scope: EnvScope,
    @Acting() actor: Actor,
    @InvoiceId() id: Id<'invoice'>,
    @Body() { reason }: VoidInvoiceRequest,
  ): Promise<void> {
    await this.invoices.void(scope, id, reason || null, actor);
  }
}
