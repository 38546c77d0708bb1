import { type DynamicModule, Module } from '@nestjs/common';
import { KEY_MANAGER, type KeyManager } from './key-manager.js';
import { NoopKeyManager } from './noop.key-manager.js';

/** Which key manager to bind. */
export type KeysBridgeOptions =
  | { readonly driver: 'noop' }
  /** An engine of the deployment's own. */
  | { readonly driver: 'custom'; readonly keyManager: KeyManager };

@Module({})
export class KeysBridgeModule {
  static forRoot(options: KeysBridgeOptions): DynamicModule {
    return {
      module: KeysBridgeModule,
      global: true,
      providers: [{ provide: KEY_MANAGER, useValue: createKeyManager(options) }],
      exports: [KEY_MANAGER],
    };
  }
}

function createKeyManager(options: KeysBridgeOptions): KeyManager {
  switch (options.driver) {
    case 'noop':
      return new NoopKeyManager();
    case 'custom':
      return options.keyManager;
  }
}
