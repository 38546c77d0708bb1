import { Module } from '@nestjs/common';
import { ParkedEventsController } from './parked-events.controller.js';
import { ParkedEventsService } from './parked-events.service.js';
import { ParkedEventsSystemRepository } from './parked-events.system-repository.js';

/** Facts that a consumer could not take, in the hands of platform owners. */
@Module({ controllers: [ParkedEventsController], providers: [ParkedEventsService, ParkedEventsSystemRepository] })
export class ParkedEventsModule {}
