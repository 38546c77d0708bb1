import { Module } from '@nestjs/common';
import { ChallengesRepository } from './challenges.repository.js';
import { ChallengesService } from './challenges.service.js';
import { ChallengesSystemRepository } from './challenges.system-repository.js';

@Module({
  providers: [ChallengesService, ChallengesRepository, ChallengesSystemRepository],
  exports: [ChallengesService],
})
export class ChallengesModule {}
