/** What an operator may see of a state: plain JSON, bounded in depth and size, and no secret in it. */

/** Names under which secrets live. Numbers and booleans under them are counts and flags, and are shown. */
const SECRET = /secret|token|passw|passphrase|credential|authorization|cookie|api_?key|private_?key|signature|listen_?key/i;
const DEEPEST = 12;
/** More than any list of ours; a state that grew without bound must not take the service down when looked at. */
const LONGEST = 2_000;

/** `value` as JSON takes it: maps as objects, sets as arrays, decimals and bigints as text, secrets as `[redacted]`. */
export function presentable(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  if (depth >= DEEPEST) return '[deeper]';
  if ('toJSON' in value && typeof value.toJSON === 'function') return presentable(value.toJSON() as unknown, depth + 1);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof Map) return entries([...value].map(([key, one]) => [String(key), one]), depth);
  if (value instanceof Set) return list([...value], depth);
  if (Array.isArray(value)) return list(value, depth);
  return entries(Object.entries(value), depth);
}

function list(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, LONGEST).map((item) => presentable(item, depth + 1) ?? null);
  return items.length > LONGEST ? [...shown, `[${items.length - LONGEST} more]`] : shown;
}

function entries(pairs: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
  return Object.fromEntries(pairs.slice(0, LONGEST).map(([key, one]) => [key, hides(key, one) ? '[redacted]' : presentable(one, depth + 1)]));
}

function hides(key: string, value: unknown): boolean {
  return SECRET.test(key) && (typeof value === 'string' || (typeof value === 'object' && value !== null));
}
