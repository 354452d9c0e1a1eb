/** What is said to the person who started the service, beside the log: on a terminal among the lines, elsewhere on standard error, so that the log on standard output stays one JSON object a line. */

export function announce(text: string): void {
  (process.stdout.isTTY ? process.stdout : process.stderr).write(`${text}\n`);
}
