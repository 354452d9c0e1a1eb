/** Who holds the token may read. It is made once, kept 0600, compared in constant time, and a browser holds only what is derived from it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../supervision/clock.ts';
import { randomText } from '../supervision/random.ts';
import type { Random } from '../supervision/random.ts';

const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** 192 bits: nobody guesses it, so that nobody need be slowed down. */
const TOKEN_LENGTH = 32;
/** What an operator wrote into the file is kept; less than this is what a failed disk left. */
const SHORTEST_TOKEN = 16;
const SESSION_MS = 30 * 86_400_000;

/** The token of `<dataDir>/http-token`, made if there is none, or only half of one. */
export function tokenOf(dataDir: string, random: Random): string {
  const file = join(resolve(dataDir), 'http-token');
  const found = readToken(file);
  if (found !== undefined) return found;
  const token = randomText(random, TOKEN_LENGTH, URL_SAFE);
  writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return token;
}

function readToken(file: string): string | undefined {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  chmodSync(file, 0o600);
  const text = readFileSync(file, 'utf8').trim();
  return text.length >= SHORTEST_TOKEN ? text : undefined;
}

/**
 * Sessions of browsers. A session is signed with the token and kept nowhere, so that it outlives a restart of the actor
 * and ends when the token is changed.
 */
export class Sessions {
  readonly #token: string;
  readonly #clock: Clock;

  constructor(token: string, clock: Clock) {
    this.#token = token;
    this.#clock = clock;
  }

  isToken(given: string): boolean {
    return equal(given, this.#token);
  }

  /** The value of `Set-Cookie`. Cookies know no ports, so the name carries it: two services on one host are two sessions. */
  cookie(port: number): string {
    const endsAt = String(this.#clock.now() + SESSION_MS);
    return `${cookieName(port)}=${endsAt}.${this.#sign(endsAt)}; Path=/; Max-Age=${SESSION_MS / 1_000}; HttpOnly; SameSite=Strict`;
  }

  /** Whether the `Cookie` header holds a session that has not ended. */
  isOpen(cookies: string | undefined, port: number): boolean {
    const prefix = `${cookieName(port)}=`;
    const ours = cookies?.split(';').map((one) => one.trim()).find((one) => one.startsWith(prefix));
    const [endsAt = '', signature = ''] = ours?.slice(prefix.length).split('.') ?? [];
    return /^\d{1,16}$/.test(endsAt) && equal(signature, this.#sign(endsAt)) && Number(endsAt) > this.#clock.now();
  }

  #sign(endsAt: string): string {
    return createHmac('sha256', this.#token).update(`vigil session until ${endsAt}`).digest('base64url');
  }
}

function cookieName(port: number): string {
  return `vigil-${port}`;
}

/** Over hashes, so that not even the length shows in the time it takes. */
function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
