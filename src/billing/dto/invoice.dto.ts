import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OptionalChoice, OptionalText } from '../../http/validation/text.decorators.js';
import { tenantIdOf } from '../billed-callers.js';
import { isoDay, TenantPageQuery } from '../dto-parts.js';
import type { InvoiceEntity, InvoiceStatus } from '../invoices/invoice.entity.js';
import { majorUnits } from '../money.js';

const STATUSES = ['open', 'paid', 'past_due', 'void'] as const satisfies readonly InvoiceStatus[];
const LINE_TYPES = ['base', 'usage', 'overage', 'seat', 'discount', 'correction'];

export class MarkInvoicePaidRequest {
  @OptionalText({ longest: 200, description: 'What the payment is called elsewhere.' }) payment_ref?: string;
}

export class VoidInvoiceRequest {
  @OptionalText({ longest: 500 }) reason?: string;
}

export class ListInvoicesQuery extends TenantPageQuery {
  @OptionalChoice(STATUSES, 'Only those in that state.') status?: InvoiceStatus;
}

export class InvoiceLineResponse {
  @ApiProperty({ enum: LINE_TYPES }) type: string;
  @ApiProperty() description: string;
  @ApiPropertyOptional() feature?: string;
  @ApiProperty({ type: 'integer', description: 'Units that are charged.' }) quantity: number;
  @ApiPropertyOptional({ type: 'integer', description: 'Units used in all.' }) used?: number;
  @ApiProperty({ type: 'integer', description: 'Minor units; discounts are negative.' }) amount: number;
  @ApiPropertyOptional({ description: 'The invoice that a correction is of.' }) corrects?: string;
}

export class InvoiceResponse {
  @ApiProperty({ example: 'ainvc_01jd3v3x6pe0p9m2s5f7q8w9ab' }) id: string;
  @ApiProperty() subscription_id: string;
  @ApiProperty() tenant_id: string;
  @ApiProperty({ enum: STATUSES }) status: string;
  @ApiProperty() currency: string;
  @ApiProperty({ description: 'In major units.', example: '29.00' }) total: string;
  @ApiProperty({ type: 'integer', description: 'In minor units, as all of the following.' }) total_minor: number;
  @ApiProperty({ type: 'integer' }) subtotal_minor: number;
  @ApiProperty({ type: 'integer' }) discount_minor: number;
  @ApiProperty({ type: [InvoiceLineResponse] }) lines: InvoiceLineResponse[];
  @ApiProperty({ format: 'date' }) period_start: string;
  @ApiProperty({ format: 'date' }) period_end: string;
  @ApiProperty({ format: 'date-time' }) due_at: string;
  @ApiPropertyOptional({ format: 'date-time' }) paid_at?: string;
  @ApiPropertyOptional() payment_ref?: string;
  @ApiPropertyOptional({ format: 'date-time' }) voided_at?: string;
  @ApiPropertyOptional() void_reason?: string;
  @ApiProperty({ format: 'date-time' }) created_at: string;
}

export class InvoiceListResponse {
  @ApiProperty({ type: [InvoiceResponse] }) invoices: InvoiceResponse[];
  @ApiProperty({ type: 'integer', description: 'Of all pages, up to 10,000.' }) total: number;
  @ApiPropertyOptional() next_cursor?: string;
}

export function toInvoiceResponse(invoice: InvoiceEntity): InvoiceResponse {
  return {
    id: invoice.id,
    subscription_id: invoice.subscriptionId,
    tenant_id: tenantIdOf(invoice.subjectKey),
    status: invoice.status,
    currency: invoice.currency,
    total: majorUnits(invoice.total, invoice.currency),
    total_minor: Number(invoice.total),
    subtotal_minor: Number(invoice.subtotal),
    discount_minor: Number(invoice.discount),
    lines: invoice.lines.map(({ featureKey, ...line }) => ({ ...line, ...(featureKey && { feature: featureKey }) })),
    period_start: isoDay(invoice.periodStart),
    period_end: isoDay(invoice.periodEnd),
    due_at: invoice.dueAt.toISOString(),
    ...(invoice.paidAt === null ? {} : { paid_at: invoice.paidAt.toISOString() }),
    ...(invoice.paymentRef === null ? {} : { payment_ref: invoice.paymentRef }),
    ...(invoice.voidedAt === null ? {} : { voided_at: invoice.voidedAt.toISOString() }),
    ...(invoice.voidReason === null ? {} : { void_reason: invoice.voidReason }),
    created_at: invoice.createdAt.toISOString(),
  };
}
