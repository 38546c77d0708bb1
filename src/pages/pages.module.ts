import { Module } from '@nestjs/common';
import { PageFiles } from './page-files.js';
import { PagesController } from './pages.controller.js';

/** Small pages for confirming, resetting and undoing, so that links in mails work before an app has pages of its own. */
@Module({ controllers: [PagesController], providers: [PageFiles] })
export class PagesModule {}
