import { ApiProperty } from '@nestjs/swagger';
import { TokensResponse } from '../../../sessions/dto/tokens.response.js';

export class PasswordChangedResponse extends TokensResponse {
  @ApiProperty({ example: 'password changed' }) status: string;
}
