import { Module } from '@nestjs/common';
import { ApiDocument } from './api-document.js';
import { DiscoveryController } from './discovery.controller.js';

@Module({ controllers: [DiscoveryController], providers: [ApiDocument], exports: [ApiDocument] })
export class DiscoveryModule {}
