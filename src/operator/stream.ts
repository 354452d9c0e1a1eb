/** An answer that goes on: sent as it comes, given up when the asker is gone or does not read, and never without an end. */
import type { ServerResponse } from 'node:http';

/** What may wait unread; beyond it the asker is too slow, and what it does not read must not fill our memory. */
const MOST_UNREAD_BYTES = 1_048_576;

/** Where an answer that goes on is written to. */
export interface Outlet {
  /** False: the asker is gone or too slow, and nothing more need be written but a last word. */
  write(text: string): boolean;
  end(): void;
}

export interface Stream {
  readonly type: 'application/x-ndjson' | 'text/event-stream';
  /** Begins to write; returns what to do when the asker has gone, or has had all. Called once. */
  readonly open: (outlet: Outlet) => () => void;
}

export function sendStream(response: ServerResponse, headers: Readonly<Record<string, string | number | readonly string[] | undefined>>, { type, open }: Stream): void {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  // Whoever asked knows at once that it is being served, though nothing has happened yet.
  response.flushHeaders();
  const gone = open({
    write(text) {
      if (response.destroyed || response.writableEnded) return false;
      response.write(text);
      return response.writableLength <= MOST_UNREAD_BYTES;
    },
    end: () => void response.end(),
  });
  if (response.destroyed) gone();
  else response.once('close', gone);
}
