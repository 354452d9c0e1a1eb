/** `vigil paper`: the paper exchange alone, in the foreground, until a signal ends it. */
import { keepAlive } from '../supervision/clock.ts';
import { DEFAULT_SEED, startPaperExchange, StartRefused } from './exchange.ts';
import type { Log } from './exchange.ts';
import { statePlace } from './store/state-directory.ts';
import { NO_LIMITS, VENUE_LIMITS } from './wire/rate-limits.ts';

export interface PaperCommand {
  readonly host: string;
  readonly port: number;
  readonly seed?: string;
  readonly symbols?: string;
  readonly replay?: string;
  readonly speed: string;
  readonly balance: string;
  readonly history: string;
  readonly align: string;
  /** A file, or a directory. */
  readonly state?: string;
  /** False: requests and orders are counted and never refused for their number. */
  readonly limits: boolean;
  readonly log: Log;
}

/** Names and addresses that nobody else reaches. */
const LOOPBACK = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Resolves with the exit code: 0 after a signal, 1 when its state could not be kept, 2 when it could not start. */
export async function runPaper(command: PaperCommand): Promise<number> {
  const seed = command.seed === undefined ? DEFAULT_SEED : Number(command.seed);
  const speed = Number(command.speed);
  const history = Number(command.history);
  const align = command.align === 'recorded' ? 'recorded' : 'start';
  const faults = [
    LOOPBACK.test(command.host) ? [] : [`--listen ${command.host}: an address of this machine is expected (127.0.0.1, ::1 or localhost): the keys of the exchange are no secret`],
    Number.isSafeInteger(history) && history >= 0 ? [] : [`--history ${command.history}: a whole number of minutes from 0 is expected`],
    command.align === align ? [] : [`--align ${command.align}: start or recorded is expected`],
    Number.isSafeInteger(seed) && seed >= 0 ? [] : [`--seed ${command.seed}: a whole number from 0 is expected`],
    Number.isFinite(speed) && speed > 0 ? [] : [`--speed ${command.speed}: a number above 0 is expected`],
    /^\d+(\.\d+)?$/.test(command.balance) ? [] : [`--balance ${command.balance}: a decimal number of USDT is expected`],
  ].flat();
  if (faults.length > 0) {
    process.stderr.write(`vigil paper: ${faults.join('; ')}\n`);
    return 2;
  }
  const { host, port, balance, log } = command;
  try {
    const ended = Promise.withResolvers<number>();
    const exchange = await startPaperExchange({ host, port, seed, balance, log, limits: command.limits ? VENUE_LIMITS : NO_LIMITS, onFatal: () => ended.resolve(1), ...(command.replay === undefined ? {} : { replay: { dir: command.replay, speed, history, align } }), ...(command.symbols === undefined ? {} : { symbolsFile: command.symbols }), ...(command.state === undefined ? {} : { state: statePlace(command.state) }) });
    const alive = keepAlive();
    // Before anybody hears that it is open: a signal that comes at once must find it listening.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve(0));
    process.stderr.write(`Paper exchange on ${exchange.url} (key "paper", secret "paper")\n`);
    const code = await ended.promise;
    alive.cancel();
    await exchange.close();
    return code;
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    process.stderr.write(`vigil paper: ${error.message}\n`);
    return 2;
  }
}
