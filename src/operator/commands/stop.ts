/** `vigil stop`: says what stays open, and returns when the service has gone, so that what follows finds it gone. */
import { connect } from 'node:net';
import { keepAlive, sleep, systemClock } from '../../supervision/clock.ts';
import type { CommandIo } from './io.ts';
import { EXIT, socketFor } from './io.ts';
import { carryOut } from './run.ts';
import type { ClientOptions } from './run.ts';
import { stopScreen } from './screens.ts';

/** An orderly stop has its own deadlines, some seconds each; longer than this is a finding. */
const STOP_MS = 30_000;
const LOOK_EVERY_MS = 50;

export async function runStop(io: CommandIo, { reason, wait, ...options }: ClientOptions & { readonly reason: string; readonly wait: boolean }): Promise<void> {
  const code = await carryOut(io, options, { method: 'POST', path: '/v1/stop', body: { reason }, show: stopScreen });
  if (code !== EXIT.done || !wait) return;
  if (await isGone(socketFor(options, io.env))) return;
  io.err(`The service still answers ${STOP_MS / 1_000} s after it was told to stop.\n`);
  io.exit(EXIT.findings);
}

async function isGone(socket: string): Promise<boolean> {
  const alive = keepAlive();
  try {
    for (const until = systemClock.monotonic() + STOP_MS; systemClock.monotonic() < until; await sleep(systemClock, LOOK_EVERY_MS)) if (!(await answers(socket))) return true;
    return false;
  } finally {
    alive.cancel();
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const settle = (answered: boolean) => {
      probe.destroy();
      resolve(answered);
    };
    probe.once('connect', () => settle(true));
    probe.once('error', () => settle(false));
  });
}
