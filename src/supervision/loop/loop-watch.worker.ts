/** The watch of the event loop, in its own thread: it answers, feeds systemd, and speaks the last words while the loop cannot. */
import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, rmSync, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { isoTime, systemClock } from '../clock.ts';
import { BEAT_MS, LoopSignal, Silence } from './loop-signal.ts';
import type { WatchCommand, WatchReport, WatchStart } from './loop-watch.ts';

const { buffer, socketPath, lastWordsPath, blockedMs, reportAfterMs } = workerData as WatchStart;
const signal = new LoopSignal(buffer);
const silence = new Silence(signal.beats, systemClock.monotonic());
const feedEveryMs = Number(process.env['WATCHDOG_USEC'] ?? 'NaN') / 2_000;
const STDERR = 2;
/** Not by the worker's console: it goes through the main thread, which is the one that hangs. */
const say = promisify<number, string>(write);
/** For the last words. */
const LAST_WORDS_MS = 1_000;
let ending = false;

let silentMs = 0;
let fedAt = Number.NEGATIVE_INFINITY;
/** The service is up, and systemd has not been told, or could not be; tried again each second. */
let readyDue = false;
let readyTriedAt = Number.NEGATIVE_INFINITY;
const READY_EVERY_MS = 1_000;
/** That its program cannot be run is said once, until it can. */
let notifyFails = false;
const heard = process.env['NOTIFY_SOCKET'] !== undefined;

function report(message: WatchReport): void {
  parentPort?.postMessage(message);
}

function look(): void {
  const now = systemClock.monotonic();
  silentMs = silence.look(signal.beats, now);
  if (silentMs >= blockedMs) endProcess();
  if (silentMs < reportAfterMs && !signal.withheld && now - fedAt >= feedEveryMs) {
    fedAt = now;
    notify('WATCHDOG=1');
  }
  if (readyDue && now - readyTriedAt >= READY_EVERY_MS) tellReady(now);
  systemClock.after(BEAT_MS, look);
}

function tellReady(now: number): void {
  readyDue = false;
  readyTriedAt = now;
  notify('READY=1', () => (readyDue = true));
}

/**
 * Node has no Unix datagrams: systemd's own program speaks for us (the unit needs NotifyAccess=all). A machine that can start
 * none for a moment, without memory or process ids, is no reason to be silent from then on: systemd would end a service that is well.
 */
function notify(state: string, failed: () => void = () => undefined): void {
  if (!heard) return;
  const onFailure = (error: Error) => {
    if (!notifyFails) report({ kind: 'failed', message: `systemd-notify cannot be run, and is tried again: ${error.message}` });
    notifyFails = true;
    failed();
  };
  try {
    const program = spawn('systemd-notify', [state], { stdio: 'ignore' });
    program.on('error', onFailure);
    program.on('spawn', () => (notifyFails = false));
  } catch (error) {
    onFailure(error as Error);
  }
}

function verdict(): { readonly loop: 'turning' | 'blocked'; readonly silentMs: number; readonly inActor?: string | null } {
  const whole = Math.round(silentMs);
  return whole < reportAfterMs ? { loop: 'turning', silentMs: whole } : { loop: 'blocked', silentMs: whole, inActor: signal.occupant };
}

/** The last words go out by threads of their own: neither a disk that hangs nor a reader that does not read keeps the end from coming. */
function endProcess(): void {
  if (ending) return;
  ending = true;
  const words = `${JSON.stringify({ level: 'fatal', time: isoTime(systemClock.now()), pid: process.pid, ...verdict(), blockedMs, msg: 'the event loop is blocked; ending the process by SIGKILL' })}\n`;
  const end = () => process.kill(process.pid, 'SIGKILL');
  systemClock.after(LAST_WORDS_MS, end);
  // Whether they could be said or not: nobody is left to tell, and the other place may have worked.
  Promise.allSettled([say(STDERR, words), keep(words)]).then(end, end);
}

async function keep(words: string): Promise<void> {
  const file = await open(lastWordsPath, 'w', 0o600);
  await file.writeFile(words);
  await file.sync();
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const send = (status: number, body: object) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  if (request.url !== '/') return void send(404, { error: { code: 'NOT_FOUND', message: 'GET / is all there is', details: {} } });
  if (request.method !== 'GET') return void send(405, { error: { code: 'REQUEST_INVALID', message: 'only GET', details: {} } });
  const found = verdict();
  send(found.loop === 'turning' ? 200 : 503, found);
}

/** Whoever holds the data directory owns its sockets: one that is there is a dead holder's. Anything but a socket is left alone. */
function removeStale(): void {
  if (lstatSync(socketPath, { throwIfNoEntry: false })?.isSocket() === true) rmSync(socketPath);
}

const server = createServer(answer);
server.on('error', (error) => report({ kind: 'failed', message: `${socketPath} cannot be served: ${error.message}` }));
try {
  removeStale();
  server.listen(socketPath, () => {
    chmodSync(socketPath, 0o600);
    report({ kind: 'listening' });
  });
} catch (error) {
  report({ kind: 'failed', message: `${socketPath} cannot be served: ${String(error)}` });
}

parentPort?.on('message', (command: WatchCommand) => {
  if (command === 'ready') return tellReady(systemClock.monotonic());
  server.close();
  server.closeAllConnections();
  parentPort?.close();
});
look();
