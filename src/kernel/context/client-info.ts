/** What a client shows of itself when it signs in. Only the device token proves anything: the server issued it. */
export interface ClientInfo {
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** The secret of a device that signed in before. */
  readonly deviceToken: string | undefined;
  /** What the client calls itself; for display and grouping. */
  readonly fingerprint: string | undefined;
}
