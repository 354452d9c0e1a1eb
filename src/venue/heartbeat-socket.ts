/** One WebSocket connection whose end is told exactly once, also when the other side just falls silent; all its waiting is on our clock. */
import { WebSocket } from 'ws';
import type { Clock, TimerHandle } from '../supervision/clock.ts';

export interface HeartbeatSocketHandlers {
  onOpen(): void;
  /** One text frame. */
  onText(text: string): void;
  /** Once, unless `close` came first. The reason holds no part of the address. */
  onEnd(reason: string): void;
}

export interface HeartbeatSocket {
  /** Ends the connection at once; no handler is called afterwards. */
  close(): void;
}

const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const HANDSHAKE_MS = 10_000;
const LARGEST_FRAME_BYTES = 4 * 1024 * 1024;

export function openHeartbeatSocket(url: string, clock: Clock, handlers: HeartbeatSocketHandlers): HeartbeatSocket {
  const socket = new WebSocket(url, { handshakeTimeout: HANDSHAKE_MS, maxPayload: LARGEST_FRAME_BYTES, perMessageDeflate: false });
  let ended = false;
  let timer: TimerHandle | undefined;

  function end(reason: string | undefined): void {
    if (ended) return;
    ended = true;
    timer?.cancel();
    socket.terminate();
    if (reason !== undefined) handlers.onEnd(reason);
  }

  function pingLater(): void {
    timer = clock.after(PING_EVERY_MS, () => {
      socket.ping();
      timer = clock.after(PONG_WITHIN_MS, () => end(`no pong within ${PONG_WITHIN_MS} ms`));
    });
  }

  function alive(): void {
    if (ended) return;
    timer?.cancel();
    pingLater();
  }

  socket.on('open', () => {
    if (ended) return;
    pingLater();
    handlers.onOpen();
  });
  socket.on('pong', alive);
  socket.on('message', (data, isBinary) => {
    // A Buffer, as long as nobody changes binaryType.
    if (!ended && !isBinary) handlers.onText((data as Buffer).toString('utf8'));
  });
  // ws always emits 'close' after 'error'; the error has the better reason. Its text may quote the address, and with it the listen key.
  socket.on('error', (error) => end(`connection failed: ${error.message.replace(url, 'the private stream')}`));
  socket.on('close', (code) => end(`closed by the other side (${code})`));

  return { close: () => end(undefined) };
}
