/** What is said to the person who started the service, beside the log: on a terminal among the lines, elsewhere on standard error, so that the log on standard output stays one JSON object a line. Whoever no longer listens stops nothing. */
import { logLines, writableWithoutWaiting } from './log-lines.ts';

export function announce(text: string): void {
  const stream = process.stdout.isTTY ? process.stdout : process.stderr;
  logLines(writableWithoutWaiting(stream.fd), () => '').write(`${text}\n`);
}
