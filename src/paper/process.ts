/** The paper exchange as a child process: it lives exactly as long as its parent's channel, and no signal meant for the parent ends it. */
import { z } from 'zod';
import { decimalString } from '../protocol/decimal.ts';
import { DEFAULT_SEED, startPaperExchange, StartRefused, type Log, type PaperExchangeOptions } from './exchange.ts';
import { NO_LIMITS, VENUE_LIMITS } from './wire/rate-limits.ts';

/** The one argument: JSON. What is left out has the default. */
const optionsSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0),
  seed: z.int().nonnegative().default(DEFAULT_SEED),
  balance: decimalString.default('10000'),
  symbolsFile: z.string().optional(),
  replay: z
    .strictObject({
      dir: z.string(),
      speed: z.number().positive().default(1),
      history: z.int().nonnegative().default(360),
      align: z.enum(['start', 'recorded']).default('start'),
    })
    .optional(),
  stateDir: z.string().optional(),
  /** `none` lifts the limits on requests and orders. */
  limits: z.enum(['venue', 'none']).default('venue'),
});

/** Told once, when it serves, or instead when it cannot; a process that refused exits 2. */
type Message = { readonly type: 'ready'; readonly url: string } | { readonly type: 'refused'; readonly message: string; readonly reason: StartRefused['reason'] } | ({ readonly type: 'log'; readonly level: string; readonly msg: string } & Record<string, unknown>);

/** Resolves when the parent's channel has taken it (or is gone). */
function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(message, undefined, {}, () => resolve());
  });
}

/** Errors do not survive the channel; their text does. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? (value.stack ?? value.message) : value]));
}

const log: Log = (level, fields, msg) => {
  tell({ ...plain(fields), type: 'log', level, msg }).catch(() => {});
};

async function refuse({ message, reason }: StartRefused): Promise<never> {
  await tell({ type: 'refused', message, reason });
  process.exit(2);
}

function readOptions(text: string | undefined): PaperExchangeOptions {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '{}');
  } catch (cause) {
    throw new StartRefused(`the options of the paper exchange are not JSON: ${JSON.stringify(text)}`, { cause });
  }
  const parsed = optionsSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}, got ${JSON.stringify(issue.input) ?? 'nothing'}`);
    throw new StartRefused(`the options of the paper exchange are wrong: ${faults.join('; ')}`);
  }
  const { replay, stateDir, symbolsFile, limits, ...rest } = parsed.data;
  return { ...rest, limits: limits === 'none' ? NO_LIMITS : VENUE_LIMITS, ...(replay ? { replay } : {}), ...(symbolsFile === undefined ? {} : { symbolsFile }), ...(stateDir === undefined ? {} : { stateDir }), log, onFatal: () => process.exit(1) };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

try {
  const exchange = await startPaperExchange(readOptions(process.argv[2]));
  // The parent is gone, however it went. It may be gone already.
  const end = () => {
    exchange.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('disconnect', end);
  if (process.connected) await tell({ type: 'ready', url: exchange.url });
  else end();
} catch (error) {
  if (!(error instanceof StartRefused)) throw error;
  await refuse(error);
}
