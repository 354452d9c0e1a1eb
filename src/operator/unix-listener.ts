/** The admin socket is 0600 from its first moment, and taken only from the dead: a living owner is never pushed aside. */
import { lstatSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { chooseSocketPath, socketPointer } from './socket-path.ts';

/** Makes `server` listen for `dataDir`; returns the socket's real path. Throws INSTANCE_RUNNING or SOCKET_UNUSABLE. */
export async function listenOnSocket(server: Server, dataDir: string): Promise<string> {
  const { path, moved } = chooseSocketPath(dataDir);
  try {
    // A directory that is there keeps its mode: it may be somebody's home. The socket's own mode is the guard then.
    mkdirSync(resolve(dataDir), { recursive: true, mode: 0o700 });
    await clearStale(path);
    await listen(server, path);
    point(dataDir, path, moved);
  } catch (error) {
    if (error instanceof VigilError) throw error;
    throw new VigilError('SOCKET_UNUSABLE', `${path}: ${messageOf(error)}`, { cause: error, details: { path } });
  }
  return path;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((settle, fail) => {
    server.once('error', fail);
    // Binding a Unix socket happens within the call, so that no other file of the process is made under this mask.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', fail);
        settle();
      });
    } finally {
      process.umask(mask);
    }
  });
}

/** Removes a socket that a killed owner left behind. */
async function clearStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new VigilError('SOCKET_UNUSABLE', `${path} is there and is no socket: it was left untouched`, { details: { path } });
  if (await isAnswered(path)) throw new VigilError('INSTANCE_RUNNING', `another instance answers on ${path}: stop it first, or use another --data-dir`, { details: { path } });
  unlinkSync(path);
}

/** Whether somebody listens. Only a plain refusal proves that nobody does. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((settle, fail) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      settle(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') settle(false);
      // The owner lives, and is too busy to take another.
      else if (error.code === 'EAGAIN') settle(true);
      else fail(error);
    });
  });
}

function point(dataDir: string, path: string, moved: boolean): void {
  const pointer = socketPointer(dataDir);
  if (moved) writeFileSync(pointer, `${path}\n`, { mode: 0o600 });
  else rmSync(pointer, { force: true });
}
