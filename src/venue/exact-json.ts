/** JSON in which no order id loses a digit: integers beyond 2^53 come out as their own text. */

const longRunOfDigits = /\d{16}/;

/** @throws SyntaxError for what is not JSON. */
export function parseExactJson(source: string): unknown {
  // The reviver costs several times the parse: only texts that may hold such a number pay for it.
  if (!longRunOfDigits.test(source)) return JSON.parse(source);
  return JSON.parse(source, keepDigits);
}

function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) ? (context?.source ?? String(value)) : value;
}
