/** Where the admin socket is: in the data directory, or, when that path is too long for a socket, in the runtime directory (ruling 34). */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { VigilError } from '../protocol/errors.ts';

/** The portable limit of a socket path is 107 bytes, terminator excluded; some systems have 103. */
const LONGEST_PATH_BYTES = 100;

/** The path that is tried first. */
function plainSocketPath(dataDir: string): string {
  return join(resolve(dataDir), 'vigil.sock');
}

/** The file in the data directory that names the socket when it had to move. */
export function socketPointer(dataDir: string): string {
  return join(resolve(dataDir), 'socket');
}

/** Where the service listens. `moved`: not in the data directory, so that the pointer must say where. Throws SOCKET_UNUSABLE. */
export function chooseSocketPath(dataDir: string, env: NodeJS.ProcessEnv = process.env): { readonly path: string; readonly moved: boolean } {
  const plain = plainSocketPath(dataDir);
  if (Buffer.byteLength(plain) <= LONGEST_PATH_BYTES) return { path: plain, moved: false };
  // One name a data directory, the same at every start.
  const name = `vigil-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)}.sock`;
  const path = join(runtimeDirectory(env), name);
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) throw new VigilError('SOCKET_UNUSABLE', `the socket path ${path} is over ${LONGEST_PATH_BYTES} bytes long, and so is ${plain}: use a shorter --data-dir or XDG_RUNTIME_DIR`, { details: { path } });
  return { path, moved: true };
}

/** Where a command looks for the service that works on `dataDir`. */
export function findSocketPath(dataDir: string): string {
  try {
    return readFileSync(socketPointer(dataDir), 'utf8').trim();
  } catch {
    // No pointer is the usual case: the socket is in the data directory, if there is one at all.
    return plainSocketPath(dataDir);
  }
}

function runtimeDirectory(env: NodeJS.ProcessEnv): string {
  const given = env['XDG_RUNTIME_DIR'];
  if (given !== undefined && given !== '') return privateDirectory(resolve(given));
  return privateDirectory(join(tmpdir(), `vigil-${process.getuid?.() ?? 0}`));
}

/** Others can make a directory in /tmp first, and would then own what is in it: it must be ours, and closed to them. */
function privateDirectory(directory: string): string {
  const refusal = (why: string, cause?: unknown) => new VigilError('SOCKET_UNUSABLE', `${directory}, where the admin socket belongs, ${why}`, { cause, details: { path: directory } });
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw refusal('cannot be made', error);
  }
  const found = lstatSync(directory);
  if (!found.isDirectory()) throw refusal('is no directory');
  if (found.uid !== process.getuid?.()) throw refusal('belongs to another user');
  if ((found.mode & 0o077) !== 0) throw refusal(`is open to others (mode 0${(found.mode & 0o777).toString(8)}): chmod 700 it`);
  return directory;
}
