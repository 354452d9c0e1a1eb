/** Nothing that leaves this room as text contains a key, a secret, a signature or a listen key. */

type VenueLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where this room reports what nobody asked for: dropped events, lost sockets, what the SDK says. `fields` are plain values. */
export type VenueLog = (level: VenueLogLevel, message: string, fields?: Readonly<Record<string, string | number | boolean>>) => void;

/** Takes secrets out of text. Listen keys become known only at run time: `learn` adds one. */
export interface Redactor {
  redact(text: string): string;
  learn(secret: string): void;
}

/** Shorter ones (the paper exchange's published `paper`) are words, not secrets: taking them out would only garble the text. */
const SHORTEST_SECRET = 8;
/** In an address, in JSON, in a header. */
const named = /((?:signature|listenKey|api_?key|api_?secret)(?:=|"\s*:\s*")|X-MBX-APIKEY["']?\s*[=:]\s*["']?)[^\s"'&,}\]]+/gi;

export function createRedactor(secrets: readonly string[]): Redactor {
  const known = new Set<string>();
  function learn(secret: string): void {
    if (secret.length < SHORTEST_SECRET) return;
    known.add(secret);
    known.add(encodeURIComponent(secret));
  }
  for (const secret of secrets) learn(secret);
  return {
    learn,
    redact(text) {
      let clean = text.replace(named, '$1[removed]');
      for (const secret of known) clean = clean.replaceAll(secret, '[removed]');
      return clean;
    },
  };
}

/** `log` behind `redactor`, so that no caller can forget it. */
export function redactedLog(log: VenueLog, redactor: Redactor): VenueLog {
  return (level, message, fields) => {
    if (fields === undefined) return log(level, redactor.redact(message));
    const clean = Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? redactor.redact(value) : value] as const);
    return log(level, redactor.redact(message), Object.fromEntries(clean));
  };
}
