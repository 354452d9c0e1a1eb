/** The configuration as it may be shown and compared: without its secrets. */
import { createHash } from 'node:crypto';
import { REDACTED } from './faults.ts';
import { KEYS } from './keys.ts';
import type { Config } from './schema.ts';

/** First 12 hexadecimal digits of the SHA-256 of the canonical JSON without secrets: equal exactly when all settings are. */
export function configHash(config: Config): string {
  const text = JSON.stringify(withSecrets(config, () => undefined), sorted);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Plain JSON for logs, pages and reports; a secret that is set is "[redacted]". */
export function redactedConfig(config: Config): unknown {
  return withSecrets(config, (value) => (value === undefined ? undefined : REDACTED));
}

function withSecrets(value: unknown, replace: (value: unknown) => unknown, path = ''): unknown {
  if (KEYS.get(path)?.field.secret === true) return replace(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withSecrets(member, replace, path === '' ? name : `${path}.${name}`)]));
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
