/** Logs a person can read on a terminal and a machine can read elsewhere; written synchronously, so that last words are not lost. */
import { pino } from 'pino';
import type { Logger } from 'pino';
import PinoPretty from 'pino-pretty';
import type { Config } from '../config.ts';
import type { ActorLog } from '../supervision/behaviour.ts';

/** Whatever a field is called in a log, it never shows a secret. */
const SECRETS = ['apiKey', 'apiSecret', 'token', 'secret', 'signature', 'listenKey', 'password'];

export function createLogger(config: Config['log'], stream: NodeJS.WriteStream & { readonly fd: number } = process.stdout): Logger {
  const pretty = config.format === 'pretty' || (config.format === 'auto' && stream.isTTY);
  const destination = pretty
    ? PinoPretty({ sync: true, destination: stream.fd, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname,actor', messageFormat: '{actor} {msg}', singleLine: true })
    : pino.destination({ dest: stream.fd, sync: true });
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...SECRETS, ...SECRETS.map((name) => `*.${name}`)], censor: '[redacted]' },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
    },
    destination,
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
