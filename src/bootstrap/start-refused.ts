/** The service must not start like this; the message tells the operator what to change. */
export class StartRefused extends Error {}
