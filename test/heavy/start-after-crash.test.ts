/** A start after a crash that is refused for what may be mended is tried again beneath the launcher: positions may be open. One that another process makes needless is not. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { only, restful, settled } from '../kit/main-job.ts';
import { useSandbox } from '../kit/service.ts';
import type { Child, Paper, Service } from '../kit/service.ts';

const SYMBOL = 'GPSUSDT';

describe('a start after a crash', function () {
  this.timeout(60_000);
  const box = useSandbox();

  /** A service beneath a launcher, with one position; and what kills it while the launcher is held up, so that `meanwhile` comes before the next start. */
  async function running(sets: readonly string[], args: readonly string[] = []) {
    const paper = await box.paper();
    const dataDir = box.newDir();
    const service = box.service({ paper, dataDir, sets: [only(SYMBOL), ...sets], args, launcher: true });
    await settled(service, paper, [SYMBOL]);
    const crash = async (meanwhile: () => unknown) => {
      const { pid } = await service.get('/v1/health');
      service.process.kill('SIGSTOP');
      process.kill(pid as number, 'SIGKILL');
      await meanwhile();
      service.process.kill('SIGCONT');
    };
    return { paper, service, dataDir, crash };
  }

  const twoTries = (service: Service, words: string) => service.process.heard('two tries', ({ stdout }: Child) => (stdout.split(words).length > 2 ? true : undefined));

  async function managedAgain(service: Service, paper: Paper): Promise<void> {
    await settled(service, paper, [SYMBOL]);
    expect((await paper.truth()).orders.filter((order) => order.symbol === SYMBOL), 'nothing was opened anew').to.have.length(1);
    expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
  }

  it('is tried again while its configuration has a fault, or its data directory is not mounted, and finds its position once that is mended', async () => {
    const file = `${box.newDir()}.yaml`;
    const good = 'generator:\n  cycleMs: 60000\n';
    writeFileSync(file, good);
    const { paper, service, dataDir, crash } = await running([], ['--config', file]);
    await crash(() => writeFileSync(file, 'generator:\n  cycleMs: soon\n'));
    await twoTries(service, 'its next start was refused');
    expect(service.process.stderr).to.match(/CONFIG_INVALID[^]*generator\.cycleMs[^]*soon/);
    writeFileSync(file, good);
    await settled(service, paper, [SYMBOL]);

    await crash(() => renameSync(dataDir, `${dataDir}.away`));
    await twoTries(service, 'nobody manages what is open until it is back');
    expect(service.process.stderr).to.match(/DATA_DIR_AWAY: the service that crashed worked in .*, and its lock\.db is not to be found there: ENOENT/);
    expect(existsSync(dataDir), 'no new instance in what lies beneath').to.equal(false);
    renameSync(`${dataDir}.away`, dataDir);
    await managedAgain(service, paper);
  });

  it('is given up when another process manages the positions by now', async () => {
    const { paper, service, dataDir, crash } = await running([restful]);
    const other = box.service({ paper, dataDir, sets: [only(SYMBOL), restful] });
    expect(await other.process.end(), 'beside the first').to.deep.equal({ code: 2, signal: null });
    let next: Service | undefined;
    await crash(async () => {
      next = box.service({ paper, dataDir, sets: [only(SYMBOL), restful] });
      await settled(next, paper, [SYMBOL]);
    });
    expect(await service.process.end()).to.deep.equal({ code: 2, signal: null });
    expect(service.process.stderr).to.include('INSTANCE_RUNNING');
    await managedAgain(next!, paper);
  });
});
