import { Module } from '@nestjs/common';
import { StatsConsumer } from './stats.consumer.js';
import { StatsController } from './stats.controller.js';
import { StatsRepository } from './stats.repository.js';
import { StatsService } from './stats.service.js';
import { StatsSystemRepository } from './stats.system-repository.js';

@Module({
  controllers: [StatsController],
  providers: [StatsService, StatsConsumer, StatsRepository, StatsSystemRepository],
})
export class StatsModule {}
