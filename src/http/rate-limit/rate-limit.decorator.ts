import { SetMetadata } from '@nestjs/common';
import type { ConfigValues } from '../../config/config.js';

export const RATE_LIMIT = 'authsome:rate-limit';

/** The configured limits that are counted per client address. */
export type AddressLimit = Extract<keyof ConfigValues['limits'], `${string}PerIp`>;

/** Limits a route per client address, shared with every route of the same name and with every replica. */
export const RateLimit = (name: AddressLimit) => SetMetadata(RATE_LIMIT, name);
