/**
 * The address may not be called: the policy's answer, which trying again does not change. The message names the host and port at most;
 * paths, queries and resolved addresses may be secrets.
 */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/** No usable answer came: the network, a timeout, or a redirect, which is never followed (R224). */
export class OutboundFailed extends Error {
  override readonly name = 'OutboundFailed';
}
