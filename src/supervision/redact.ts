/** What may be shown of a message, a state or an error: no secrets, plain JSON, and never more than fits a screen. */

const SECRET_NAME = /secret|token|password|passphrase|api[-_]?key|authorization|signature|cookie|private/i;
/** `name=value`, `name: value` and `"name":"value"` inside a text. */
const SECRET_IN_TEXT = /((?:api[-_]?)?(?:secret|key|token|password|passphrase|signature|authorization)["']?\s*[=:]\s*["']?)((?:Bearer\s+)?[^\s"',&;})\]]+)/gi;
const REDACTED = '[redacted]';

const DEPTH = 6;
const ENTRIES = 100;

/** Without what looks like a secret in a text. */
export function redactText(text: string): string {
  return text.replace(SECRET_IN_TEXT, `$1${REDACTED}`);
}

/** A copy that is plain JSON: secrets by their names, deep and long things cut with a word of what was cut. */
export function redact(value: unknown, depth = DEPTH): unknown {
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
  if (value instanceof Date) return value.toISOString();
  if (depth === 0) return Array.isArray(value) ? `[${value.length} items]` : '[object]';
  if (Array.isArray(value) || value instanceof Set) {
    const items = [...value];
    const shown = items.slice(0, ENTRIES).map((item) => redact(item, depth - 1));
    return items.length > ENTRIES ? [...shown, `[${items.length - ENTRIES} more]`] : shown;
  }
  const entries: [string, unknown][] = value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
  const shown = entries.slice(0, ENTRIES).map(([key, item]) => [key, SECRET_NAME.test(key) ? REDACTED : redact(item, depth - 1)] as const);
  return Object.fromEntries(entries.length > ENTRIES ? [...shown, ['…', `${entries.length - ENTRIES} more`]] : shown);
}

/** The same as one line of JSON of at most `length` characters. */
export function redactedLine(value: unknown, length = 1_000): string {
  const line = JSON.stringify(redact(value)) ?? String(value);
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
