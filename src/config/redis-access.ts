/** How Redis is reached, password and all: for the connection alone, never for a log. */
import { VigilError } from '../protocol/errors.ts';
import { readPrivately } from './credentials.ts';
import type { Config } from './schema.ts';

/**
 * `journal.redis.url` with user and password in place; those of the environment go before those of the file.
 * @throws VigilError CREDENTIALS_UNSAFE, CONFIG_UNREADABLE, CREDENTIALS_MISSING
 */
export function redisUrlOf({ journal: { redis } }: Config): string {
  const url = new URL(redis.url);
  const password = redis.password ?? (redis.passwordFile === undefined ? undefined : passwordOf(redis.passwordFile));
  if (redis.username !== undefined) url.username = encodeURIComponent(redis.username);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}

function passwordOf(file: string): string {
  const password = readPrivately(file, 'journal.redis.passwordFile').trim();
  if (password === '' || /[\r\n]/.test(password)) throw new VigilError('CREDENTIALS_MISSING', `journal.redis.passwordFile ${file} holds ${password === '' ? 'nothing' : 'more than one line'}; it must hold the password of Redis and nothing else`, { details: { file } });
  return password;
}
