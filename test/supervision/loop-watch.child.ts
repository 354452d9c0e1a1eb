/** A process with a watched loop, for loop-watch.test.ts: it does what its parent tells it, and blocks for ever when told to. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '../../src/supervision/clock.ts';
import { startLoopWatch } from '../../src/supervision/loop/loop-watch.ts';

const [directory = '.', blockedMs = '15000', socket = 'watch.sock'] = process.argv.slice(2);
const watch = startLoopWatch({
  socketPath: join(directory, socket),
  lastWordsPath: join(directory, 'last-words.json'),
  blockedMs: Number(blockedMs),
  reportAfterMs: 300,
  clock: systemClock,
  onFailure: (error) => process.send?.({ failure: error.message }),
});

process.send?.({ listening: await watch.listening });

const commands: Readonly<Record<string, () => void>> = {
  block() {
    // As the service does when it starts the paper exchange: what is inherited waits in writing from then on.
    spawnSync('true', { stdio: 'inherit' });
    watch.marker.enter('executor/币安人生USDT');
    for (;;);
  },
  ready: () => watch.notifyReady(),
  withhold: () => watch.withholdWatchdog(true),
  stop() {
    watch.stop().then(
      () => process.disconnect?.(),
      () => process.exit(70),
    );
  },
  leave: () => process.disconnect?.(),
};
process.on('message', (name: string) => commands[name]?.());
