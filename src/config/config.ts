import type { Mode, Variable } from './variable.js';
import type { Variables } from './variables.js';

type Values<V> = {
  readonly [Slice in keyof V]: {
    readonly [Name in keyof V[Slice]]: V[Slice][Name] extends Variable<infer T> ? T : never;
  };
};

export type ConfigValues = Values<Variables>;

/**
 * The settings of this deployment: read once, checked as a whole, frozen. Durations are milliseconds, sizes are bytes (the
 * names say so), secrets are wrapped. Injected by this class; nothing else reads the environment.
 */
export class Config implements ConfigValues {
  readonly http: ConfigValues['http'];
  readonly metrics: ConfigValues['metrics'];
  readonly database: ConfigValues['database'];
  readonly secrets: ConfigValues['secrets'];
  readonly owner: ConfigValues['owner'];
  readonly mail: ConfigValues['mail'];
  readonly outbound: ConfigValues['outbound'];
  readonly logging: ConfigValues['logging'];
  readonly workers: ConfigValues['workers'];
  readonly billing: ConfigValues['billing'];
  readonly keys: ConfigValues['keys'];
  readonly sessions: ConfigValues['sessions'];
  readonly devices: ConfigValues['devices'];
  readonly passwords: ConfigValues['passwords'];
  readonly challenges: ConfigValues['challenges'];
  readonly limits: ConfigValues['limits'];
  readonly lockout: ConfigValues['lockout'];
  readonly retention: ConfigValues['retention'];
  readonly seams: ConfigValues['seams'];

  constructor(
    readonly mode: Mode,
    values: ConfigValues,
  ) {
    Object.assign(this, values);
    for (const slice of Object.values(values)) Object.freeze(slice);
    Object.freeze(this);
  }

  get isProduction(): boolean {
    return this.mode === 'production';
  }
}
