import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { FormConfigsModule } from '../form-configs/form-configs.module.js';
import { EnvironmentsModule } from '../environments/environments.module.js';
import { OrganizationsModule } from '../organizations/organizations.module.js';
import { RolesModule } from '../roles/roles.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccountController } from './account/account.controller.js';
import { AccountService } from './account/account.service.js';
import { AuthMails } from './auth-mails.js';
import { ChallengesModule } from './challenges/challenges.module.js';
import { EmailChangeController } from './email-change/email-change.controller.js';
import { EmailChangeService } from './email-change/email-change.service.js';
import { MailRequests } from './mail-requests.js';
import { PasswordPolicy } from './password/password-policy.js';
import { PasswordController } from './password/password.controller.js';
import { PasswordService } from './password/password.service.js';
import { Lockout } from './sign-in/lockout.service.js';
import { SignInAttemptsRepository, SignInAttemptsSystemRepository } from './sign-in/sign-in-attempts.repository.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SignUpDecoys } from './sign-up/sign-up-decoys.js';
import { SignUpController } from './sign-up/sign-up.controller.js';
import { SignUpService } from './sign-up/sign-up.service.js';
import { VerificationController } from './verification/verification.controller.js';
import { TenantLimits } from './tenant-limits.js';
import { ContestedAddresses } from './verification/contested-addresses.js';
import { VerificationService } from './verification/verification.service.js';

/** The ways in and what belongs to them. Every one of them ends in `SessionIssuer`. */
@Module({
  imports: [
    EnvironmentsModule,
    FormConfigsModule,
    UsersModule,
    DevicesModule,
    SessionsModule,
    OrganizationsModule,
    RolesModule,
    ChallengesModule,
  ],
  controllers: [
    SignUpController,
    SignInController,
    VerificationController,
    PasswordController,
    EmailChangeController,
    AccountController,
  ],
  providers: [
    SignUpService,
    SignUpDecoys,
    SignInService,
    SignInAttemptsRepository,
    SignInAttemptsSystemRepository,
    Lockout,
    VerificationService,
    ContestedAddresses,
    PasswordService,
    PasswordPolicy,
    EmailChangeService,
    AccountService,
    AuthMails,
    MailRequests,
    TenantLimits,
  ],
  exports: [PasswordPolicy, PasswordService, SignInService, Lockout],
})
export class AuthModule {}
