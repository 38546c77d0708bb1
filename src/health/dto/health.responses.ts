import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LiveResponse {
  @ApiProperty({ example: 'live' }) status: string;
  @ApiProperty({ format: 'date-time', description: 'When this process started.' }) started_at: string;
}

export class ReadyResponse {
  @ApiProperty({ example: 'ready' }) status: string;
}

export class BridgesResponse {
  @ApiProperty({ example: 'noop' }) billing: string;
  @ApiProperty({ example: 'noop' }) keys: string;
}

export class HealthResponse {
  @ApiProperty({ example: 'healthy' }) status: string;
  @ApiProperty({ description: 'The bridge implementations in force.' }) bridges: BridgesResponse;
  @ApiPropertyOptional({ description: 'What keeps the service from being healthy, without internals.' }) error?: string;
}
