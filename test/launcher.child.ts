/** A launcher in a process of its own, for launcher.test.ts: its service is launcher.service.ts. */
import { forkService, runLauncher } from '../src/launcher.ts';

const say = (fields: object, message: string) => console.log('log', message, JSON.stringify(fields));
process.exitCode = await runLauncher({
  argv: process.argv.slice(2),
  log: { debug: say, info: say, warn: say, error: say },
  shutdownBudgetMs: 1_000,
  startService: forkService(new URL('./launcher.service.ts', import.meta.url)),
});
