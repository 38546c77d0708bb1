import { defineProblem } from '../../kernel/errors/problem.js';

export const TeamNotFound = defineProblem({
  code: 'team_not_found',
  kind: 'not_found',
  title: 'No such team',
  detail: 'team not found',
});

export const TeamSlugTaken = defineProblem({
  code: 'team_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another team of the organization has this slug',
});

export const TeamCycle = defineProblem({
  code: 'team_cycle',
  kind: 'conflict',
  title: 'A team cannot lie in itself',
  detail: 'choose a parent that is neither the team nor one of the teams in it',
});

export const TeamsTooDeep = defineProblem({
  code: 'teams_too_deep',
  kind: 'conflict',
  title: 'Teams lie in each other too deeply',
  detail: 'teams may lie in each other 8 levels deep',
});

export const TeamHasTeams = defineProblem({
  code: 'team_has_teams',
  kind: 'conflict',
  title: 'Other teams lie in the team',
  detail: 'move or delete the teams in it first',
});

export const NotInTeam = defineProblem({
  code: 'not_in_team',
  kind: 'not_found',
  title: 'The member is not in the team',
  detail: 'the member does not belong to this team',
});
