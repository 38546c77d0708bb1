import Bowser from 'bowser';
import type { DeviceType } from './device.entity.js';

export interface DescribedAgent {
  readonly browser: string | null;
  readonly os: string | null;
  readonly type: DeviceType;
  /** For people: "Chrome on macOS". */
  readonly name: string | null;
}

const TYPES: Readonly<Record<string, DeviceType>> = { desktop: 'desktop', mobile: 'mobile', tablet: 'tablet' };

/** Reads a User-Agent for display. What it says is the client's claim and decides nothing. */
export function describeAgent(userAgent: string | undefined): DescribedAgent {
  if (userAgent === undefined || userAgent === '') return { browser: null, os: null, type: 'unknown', name: null };
  const parsed = Bowser.parse(userAgent);
  const browser = parsed.browser.name ?? null;
  const os = parsed.os.name ?? null;
  const type = TYPES[parsed.platform.type ?? ''] ?? 'unknown';
  const name = browser !== null && os !== null ? `${browser} on ${os}` : (browser ?? os);
  return { browser, os, type, name };
}
