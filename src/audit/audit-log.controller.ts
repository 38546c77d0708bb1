import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { RequireOperator } from '../http/access/access.js';
import { CSV, NDJSON } from '../http/body/table-body.js';
import { pageRequest } from '../http/paging/page.query.js';
import { TargetApp } from '../http/params/caller.decorators.js';
import { IdPipe } from '../http/params/id.pipe.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { csvLine } from '../http/responses/csv.js';
import type { AppScope } from '../kernel/context/scope.js';
import type { Id } from '../kernel/ids/id.js';
import { MalformedCursor } from '../kernel/persistence/page.js';
import { AuditEntryNotFound, AuditLogService } from './audit-log.service.js';
import {
  AuditEntryResponse,
  AuditListResponse,
  ExportAuditQuery,
  ListAuditQuery,
  toAuditEntryResponse,
  toFilter,
} from './dto/audit.dto.js';

const COLUMNS = [
  'id',
  'occurred_at',
  'app_id',
  'env_id',
  'action',
  'outcome',
  'actor_kind',
  'actor_id',
  'session_id',
  'target_type',
  'target_id',
  'request_id',
  'ip_address',
  'user_agent',
  'changes',
  'metadata',
] as const satisfies readonly (keyof AuditEntryResponse)[];

@ApiTags('Audit')
@Controller('v1/admin/audit')
export class AuditLogController {
  constructor(private readonly log: AuditLogService) {}

  @Get()
  @RequireOperator('app')
  @ApiOperation({ operationId: 'listAuditEntries', summary: 'Who did what in an app, newest first' })
  @ApiOkResponse({ type: AuditListResponse })
  @ApiProblems(MalformedCursor)
  async list(@TargetApp() app: AppScope, @Query() query: ListAuditQuery): Promise<AuditListResponse> {
    const { items, nextCursor } = await this.log.list(app, toFilter(query), pageRequest(query));
    return {
      entries: items.map(toAuditEntryResponse),
      ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }),
    };
  }

  @Get('export')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'exportAuditEntries', summary: 'Every entry that the filters find, newest first' })
  @ApiProduces(NDJSON, CSV)
  @ApiOkResponse({ schema: { type: 'string' } })
  export(@TargetApp() app: AppScope, @Query() query: ExportAuditQuery): StreamableFile {
    const entries = this.log.everything(app, toFilter(query));
    const isCsv = query.format === 'csv';
    async function* lines(): AsyncGenerator<Buffer> {
      if (isCsv) yield Buffer.from(csvLine(COLUMNS));
      for await (const entry of entries) {
        const shown = toAuditEntryResponse(entry);
        yield Buffer.from(isCsv ? csvLine(COLUMNS.map((column) => shown[column])) : `${JSON.stringify(shown)}\n`);
      }
    }
    return new StreamableFile(Readable.from(lines()), { type: isCsv ? CSV : NDJSON });
  }

  @Get(':entryId')
  @RequireOperator('app')
  @ApiOperation({ operationId: 'getAuditEntry', summary: 'Read an entry of the audit trail' })
  @ApiOkResponse({ type: AuditEntryResponse })
  @ApiProblems(AuditEntryNotFound)
  async get(
    @TargetApp() app: AppScope,
    @Param('entryId', new IdPipe('audit_entry')) id: Id<'audit_entry'>,
  ): Promise<AuditEntryResponse> {
    return toAuditEntryResponse(await this.log.get(app, id));
  }
}
