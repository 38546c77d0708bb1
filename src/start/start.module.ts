import { Module } from '@nestjs/common';
import { BootstrapModule } from '../bootstrap/bootstrap.module.js';
import { Housekeeping } from './housekeeping.js';
import { RetentionSystemRepository } from './retention.system-repository.js';
import { Starter } from './starter.js';

@Module({
  imports: [BootstrapModule],
  providers: [Starter, Housekeeping, RetentionSystemRepository],
  exports: [Starter],
})
export class StartModule {}
