import { Module } from '@nestjs/common';
import { DatabaseHealth } from './database-health.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer } from './metrics-server.js';

@Module({ controllers: [HealthController, MetricsController], providers: [DatabaseHealth, MetricsServer] })
export class HealthModule {}
