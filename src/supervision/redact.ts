/** What may be shown of a message, a state or an error: no secrets, plain JSON, and never more than fits a screen. */

/** Names under which secrets live. Numbers under most of them are counts, booleans are flags: they are shown. */
const SECRET_NAME = /secret|token|passw|passphrase|credential|authorization|cookie|signature|private|(?:api|listen)[-_]?key/i;
/** Under these a number may be the secret itself. */
const SECRET_NUMBER = /secret|passw|passphrase|credential/i;
/** `name=value`, `name: value` and `"name":"value"` inside a text. */
const SECRET_IN_TEXT = /((?:api[-_]?)?(?:secret|key|token|password|passphrase|signature|authorization)["']?\s*[=:]\s*["']?)((?:Bearer\s+)?[^\s"',&;})\]]+)/gi;
const REDACTED = '[redacted]';

/** How much is shown: levels below the value itself, and entries of one list or object. */
interface Limits {
  readonly depth: number;
  readonly entries: number;
}

/** For a message or a line of a log. */
const LINE: Limits = { depth: 6, entries: 100 };
/** For the state of an actor: more entries than any list of a healthy one; one that grew without bound is cut. */
export const STATE: Limits = { depth: 12, entries: 2_000 };

/** Without what looks like a secret in a text. */
export function redactText(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${REDACTED}`);
}

/** A copy that is plain JSON: secrets by their names, deep and long things cut with a word of what was cut. Never throws. */
export function redact(value: unknown, limits: Limits = LINE): unknown {
  try {
    return shown(value, limits, limits.depth);
  } catch {
    // A getter or a toJSON that throws is a defect of what is looked at, and must not hide the rest of a view.
    return '[unreadable]';
  }
}

function shown(value: unknown, limits: Limits, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'function':
      return '[function]';
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Error) return redactText(`${value.name}: ${value.message}`);
  if (depth === 0) return Array.isArray(value) ? `[${value.length} items]` : '[object]';
  // Decimals and dates say themselves how they are written.
  if ('toJSON' in value && typeof value.toJSON === 'function') return shown(value.toJSON() as unknown, limits, depth - 1);
  const most = limits.entries;
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value];
    const some = items.slice(0, most).map((item) => shown(item, limits, depth - 1));
    return items.length > most ? [...some, `[${items.length - most} more]`] : some;
  }
  const entries: [string, unknown][] = value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
  const some = entries.slice(0, most).map(([key, item]) => [key, hides(key, item) ? REDACTED : shown(item, limits, depth - 1)] as const);
  return Object.fromEntries(entries.length > most ? [...some, ['…', `${entries.length - most} more`]] : some);
}

function hides(key: string, value: unknown): boolean {
  if (typeof value === 'boolean' || value === null || value === undefined) return false;
  return (typeof value === 'number' ? SECRET_NUMBER : SECRET_NAME).test(key);
}

/** The same as one line of JSON of at most `length` characters. */
export function redactedLine(value: unknown, length = 1_000): string {
  const line = JSON.stringify(redact(value)) ?? String(value);
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
