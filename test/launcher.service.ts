/** A service that says on its standard output what happens to it, for launcher.test.ts. */
import { onLauncherGone, tellLauncherHolds } from '../src/launcher.ts';
import { keepAlive } from '../src/supervision/clock.ts';

const alive = keepAlive();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    console.log('signal', name);
    // Time for a second one to come, if there is a second one.
    setTimeout(() => process.exit(7), 200);
  });
}
onLauncherGone(() => {
  console.log('launcher gone');
  alive.cancel();
});
tellLauncherHolds();
console.log('up', process.pid, process.argv.slice(2).join(' '));
