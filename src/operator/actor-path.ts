/** A role path in a URL: every segment percent-encoded by itself, and `%2F` understood as a slash too (ruling 34). */
import { VigilError } from '../protocol/errors.ts';

export function encodeActorPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Throws REQUEST_INVALID when the encoding is broken. */
export function decodeActorPath(encoded: string): string {
  try {
    return encoded.split('/').map(decodeURIComponent).join('/');
  } catch (error) {
    throw new VigilError('REQUEST_INVALID', `the path ${JSON.stringify(encoded)} is not percent-encoded UTF-8`, { cause: error });
  }
}
