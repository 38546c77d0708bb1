import { randomBytes } from 'node:crypto';
import { Controller, Injectable, Module, type OnModuleInit, Post } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  AuthenticationStrategies,
  AuthenticationStrategy,
  Caller,
  defineProblem,
  describeEvents,
  Events,
  Hooks,
  type Id,
  RequireSession,
  type UserPrincipal,
  UsersModule,
  UsersService,
} from '../../../src/index.js';

declare module '../../../src/index.js' {
  interface EventMap {
    'acme.member_joined': { user_id: Id<'user'> };
  }
}
describeEvents({ 'acme.member_joined': 'Somebody joined Acme.' });

const NotOneOfUs = defineProblem({
  code: 'acme_not_one_of_us',
  kind: 'forbidden',
  title: 'Acme is for its own people',
  detail: 'sign up with your acme.example address',
});

/** A second way of proving who one is: a badge in a header of its own. */
@Injectable()
export class BadgeStrategy extends AuthenticationStrategy {
  readonly name = 'acme-badge';
  private readonly holders = new Map<string, UserPrincipal>();

  constructor(private readonly users: UsersService) {
    super();
  }

  issue(holder: UserPrincipal): string {
    const badge = randomBytes(32).toString('hex');
    this.holders.set(badge, holder);
    return badge;
  }

  authenticate({ headers }: FastifyRequest): void {
    const { verdict } = this;
    const badge = headers['x-acme-badge'];
    if (typeof badge !== 'string') return verdict.pass();
    const holder = this.holders.get(badge);
    if (holder === undefined) return verdict.fail();
    // Whoever vouches for an account looks at it every time: it may have been banned or erased since.
    this.users.get(holder.scope, holder.userId).then((account) => {
      if (account.banned) verdict.fail();
      else verdict.success({ ...holder, account });
    }, verdict.fail);
  }
}

@Controller('v1/acme/badges')
export class BadgesController {
  constructor(private readonly badges: BadgeStrategy) {}

  @Post()
  @RequireSession()
  issue(@Caller() caller: UserPrincipal): { badge: string } {
    return { badge: this.badges.issue(caller) };
  }
}

@Module({ imports: [UsersModule], controllers: [BadgesController], providers: [BadgeStrategy] })
export class AcmeModule implements OnModuleInit {
  constructor(
    private readonly strategies: AuthenticationStrategies,
    private readonly badges: BadgeStrategy,
    private readonly hooks: Hooks,
    private readonly events: Events,
  ) {}

  onModuleInit(): void {
    this.strategies.use(this.badges);
    this.hooks.on('before.sign_up', { id: 'acme.people' }, ({ input }) => {
      if (!input.email.endsWith('@acme.example')) throw new NotOneOfUs();
    });
    this.events.within('user.created', (scope, { payload: { user_id } }) =>
      this.events.record(scope, 'acme.member_joined', user_id, { user_id }),
    );
  }
}
