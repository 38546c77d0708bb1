import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';

export interface PageFile {
  readonly type: string;
  readonly body: string;
}

const HTML = 'text/html; charset=utf-8';

/** By the name in the path: the file and its content type. Nothing else is ever read from disk. */
const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  'verify-email': { file: 'verify-email.html', type: HTML },
  'reset-password': { file: 'reset-password.html', type: HTML },
  'change-email': { file: 'change-email.html', type: HTML },
  'undo-email-change': { file: 'undo-email-change.html', type: HTML },
  invitation: { file: 'invitation.html', type: HTML },
  'invitation.js': { file: 'invitation.js', type: 'text/javascript; charset=utf-8' },
  'pages.css': { file: 'pages.css', type: 'text/css; charset=utf-8' },
  'pages.js': { file: 'pages.js', type: 'text/javascript; charset=utf-8' },
};

/** The built-in pages, read once at start. */
@Injectable()
export class PageFiles implements OnModuleInit {
  readonly #files = new Map<string, PageFile>();

  onModuleInit(): void {
    for (const [name, { file, type }] of Object.entries(FILES)) {
      this.#files.set(name, { type, body: readFileSync(join(import.meta.dirname, 'static', file), 'utf8') });
    }
  }

  find(name: string): PageFile | undefined {
    return this.#files.get(name);
  }
}
