import { Module } from '@nestjs/common';
import { UsersModule } from '../users/users.module.js';
import { BulkImportController } from './bulk-import.controller.js';
import { UserExports } from './user-exports.js';
import { UserExportsController } from './user-exports.controller.js';
import { UserImportJob } from './user-import.job.js';
import { UserImportWriter } from './user-import-writer.js';
import { UserImportsController } from './user-imports.controller.js';
import { UserImportsRepository } from './user-imports.repository.js';
import { UserImportsService } from './user-imports.service.js';

/** Users that come from elsewhere, many at a time. */
@Module({
  imports: [UsersModule],
  controllers: [UserImportsController, BulkImportController, UserExportsController],
  providers: [UserImportsService, UserImportsRepository, UserImportWriter, UserImportJob, UserExports],
})
export class UserImportsModule {}
