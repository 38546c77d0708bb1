import { SetMetadata } from '@nestjs/common';
import { ALWAYS } from './route-policies.js';

/** Answers even while the service is starting or stopping: health. */
export const Always = () => SetMetadata(ALWAYS, true);
