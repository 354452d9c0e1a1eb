/** Logs a person can read on a terminal and a machine can read elsewhere. */
import { pino } from 'pino';
import type { Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Config } from '../config.ts';
import type { ActorLog } from '../supervision/behaviour.ts';
import { isoTime, systemClock } from '../supervision/clock.ts';
import { logLines, writableWithoutWaiting } from './log-lines.ts';

/** Whatever a field is called in a log, it never shows a secret. */
const SECRETS = ['apiKey', 'apiSecret', 'token', 'secret', 'signature', 'listenKey', 'password'];

export function createLogger(config: Config['log'], stream: { readonly fd: number; readonly isTTY?: boolean } = process.stdout): Logger {
  const pretty = config.format === 'pretty' || (config.format === 'auto' && stream.isTTY);
  const text = pretty ? prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname,actor', messageFormat: '{actor} {msg}', singleLine: true }) : undefined;
  const shown = (line: string) => text?.(line) ?? line;
  const lossLine = (lost: number, reason: string) => shown(`${JSON.stringify({ level: 'warn', time: isoTime(systemClock.now()), actor: 'log', lost, reason, msg: `${lost} lines of this log are lost: ${reason}` })}\n`);
  const lines = logLines(writableWithoutWaiting(stream.fd), lossLine);
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`)], censor: '[redacted]' },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
    },
    { write: (line: string) => lines.write(shown(line)) },
  );
}

/** A log of one part, with its name in every line. */
export function partLog(logger: Logger, actor: string): ActorLog {
  const child = logger.child({ actor });
  return {
    debug: (fields, message) => child.debug(fields, message),
    info: (fields, message) => child.info(fields, message),
    warn: (fields, message) => child.warn(fields, message),
    error: (fields, message) => child.error(fields, message),
  };
}
