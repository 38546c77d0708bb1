import { Text } from '../../http/validation/text.decorators.js';

export class RenameDeviceRequest {
  @Text({ longest: 100, example: 'Work laptop' }) name: string;
}
