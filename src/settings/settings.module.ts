import { Module } from '@nestjs/common';
import { SettingPlaces } from './setting-places.js';
import { SettingsReader } from './settings-reader.js';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';
import { SettingsSystemRepository } from './settings.system-repository.js';

@Module({
  controllers: [SettingsController],
  providers: [SettingsService, SettingsReader, SettingPlaces, SettingsSystemRepository],
  exports: [SettingsService, SettingsReader],
})
export class SettingsModule {}
