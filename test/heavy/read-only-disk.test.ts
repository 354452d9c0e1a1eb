/** A disk that becomes read-only beneath a running service, and the service dies: the launcher waits for it, as for a full one, and a first start in the wrong place is refused. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Context } from 'mocha';
import { only, restful, settled } from '../kit/main-job.ts';
import { eventually, useSandbox } from '../kit/service.ts';
import type { Child } from '../kit/service.ts';

const SYMBOL = 'GPSUSDT';

describe('a disk that is read-only at a start', function () {
  this.timeout(60_000);
  const box = useSandbox();
  const mounted: string[] = [];
  afterEach(() => {
    for (const directory of mounted.splice(0)) spawnSync('umount', ['-l', directory]);
  });

  /** A file system of its own. Skips where this user may mount none. */
  function fileSystem(test: Context): string {
    const directory = box.newDir();
    mkdirSync(directory);
    const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'vigil-test', directory], { encoding: 'utf8' });
    if (made.status !== 0) {
      console.log(`      skipped: a tmpfs cannot be mounted (${made.stderr.trim()})`);
      test.skip();
    }
    mounted.push(directory);
    return directory;
  }
  const remount = (directory: string, how: 'ro' | 'rw') => expect(spawnSync('mount', ['-o', `remount,${how}`, directory]).status, `remount ${how}`).to.equal(0);

  it('after a crash: the launcher tries again until it is writable, and the service finds its position; without a launcher, and without a crash, it is exit 69', async function () {
    const disk = fileSystem(this);
    const dataDir = join(disk, 'data');
    const paper = await box.paper();
    const sets = [only(SYMBOL), restful];
    const service = box.service({ paper, dataDir, sets, launcher: true });
    await settled(service, paper, [SYMBOL]);
    const { pid } = await service.get('/v1/health');
    // Held up, so that nothing is started before the disk is what it is to be.
    service.process.kill('SIGSTOP');
    process.kill(pid as number, 'SIGKILL');
    // Refused as long as a file is open for writing.
    await eventually('the disk is read-only', () => spawnSync('mount', ['-o', 'remount,ro', disk]).status === 0);
    service.process.kill('SIGCONT');
    await service.process.heard('two tries', ({ stdout }: Child) => (stdout.split('nobody manages what is open until it is back').length > 2 ? true : undefined));
    expect(service.process.stderr).to.match(/DATA_DIR_AWAY: .* cannot be written: EROFS/);
    const bare = box.service({ paper, dataDir, sets });
    expect(await bare.process.end()).to.deep.equal({ code: 69, signal: null });

    remount(disk, 'rw');
    await settled(service, paper, [SYMBOL]);
    expect((await paper.truth()).orders.filter((order) => order.symbol === SYMBOL), 'nothing was opened anew').to.have.length(1);
    expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('a first start on one, where no instance has ever worked, is the wrong place: exit 2, also beneath the launcher', async function () {
    const disk = fileSystem(this);
    remount(disk, 'ro');
    const service = box.service({ dataDir: disk, launcher: true });
    expect(await service.process.end()).to.deep.equal({ code: 2, signal: null });
    expect(service.process.stderr).to.match(/DATA_DIR_UNWRITABLE: .* cannot be written: EROFS/);
  });
});
