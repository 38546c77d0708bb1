import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { OutboundClient } from './outbound-client.js';

/** One client, and so one pool of connections, for every module that calls configured addresses. */
@Module({
  providers: [
    {
      provide: OutboundClient,
      inject: [Config],
      useFactory: ({ outbound }: Config) => new OutboundClient({ allow: outbound.allow }),
    },
  ],
  exports: [OutboundClient],
})
export class OutboundModule {}
