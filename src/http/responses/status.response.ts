import { ApiProperty } from '@nestjs/swagger';

/** The answer of an operation that has nothing to show. */
export class StatusResponse {
  @ApiProperty({ example: 'ok' }) status: string;
}

export const status = (text: string): StatusResponse => ({ status: text });
