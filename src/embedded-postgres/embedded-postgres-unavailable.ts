const OWN_SERVER = 'To use a PostgreSQL of your own (15 or newer), set AUTHSOME_DATABASE_URL.';

/** The embedded PostgreSQL cannot run here, or not now. The message names the reason and what to do next. */
export class EmbeddedPostgresUnavailable extends Error {
  override readonly name = 'EmbeddedPostgresUnavailable';

  /**
   * @param reason without a full stop.
   * @param remedy full sentences; how to go without the embedded server is added.
   * @param options.details what programs said, line by line.
   */
  constructor(reason: string, remedy: string, options: ErrorOptions & { details?: readonly string[] } = {}) {
    const { details = [], ...rest } = options;
    const evidence = details.map((line) => `\n  ${line}`).join('');
    super(
      `the embedded PostgreSQL is unavailable: ${reason}${evidence === '' ? '. ' : `:${evidence}\n`}${remedy} ${OWN_SERVER}`,
      rest,
    );
  }
}
