/** The log is written at once, and whatever becomes of it: nobody who writes a line is stopped by a full disk, a reader that is gone, or one that does not read. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { logLines } from '../../src/service/log-lines.ts';
import type { Put } from '../../src/service/log-lines.ts';
import { createLogger } from '../../src/service/log.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';

const failing = (code: string) => Object.assign(new Error(`${code}: write`), { code });
const lossLine = (lost: number, reason: string) => `(${lost} lost: ${reason})\n`;

/** Takes what `answers` say, one for each try: so many bytes, or an error; beyond them, everything. */
function scripted(...answers: readonly (number | Error)[]): { readonly put: Put; text(): string; tries(): number } {
  const taken: Uint8Array[] = [];
  let tries = 0;
  return {
    put(_fd, bytes) {
      const answer = answers[tries++] ?? bytes.length;
      if (answer instanceof Error) throw answer;
      taken.push(bytes.slice(0, answer));
      return answer;
    },
    text: () => Buffer.concat(taken).toString(),
    tries: () => tries,
  };
}

describe('lines of the log', () => {
  let group: ChildProcess | undefined;
  afterEach(() => {
    // A writer that hangs is what the test below is about.
    if (group?.pid !== undefined && group.exitCode === null) process.kill(-group.pid, 'SIGKILL');
    group = undefined;
  });

  it('are written whole where the file takes them in parts', () => {
    const file = scripted(3, 1);
    logLines(1, lossLine, file).write('币安 is up\n');
    expect(file.text()).to.equal('币安 is up\n');
  });

  it('are counted while the disk is full, and the first that finds room is told of them', () => {
    const file = scripted(failing('ENOSPC'), failing('ENOSPC'));
    const lines = logLines(1, lossLine, file);
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n']) lines.write(line);
    expect(file.text()).to.equal('(2 lost: ENOSPC: write)\nc\nd\n');
  });

  it('are counted on while not even that finds room', () => {
    const file = scripted(failing('ENOSPC'), failing('EIO'));
    const lines = logLines(1, lossLine, file);
    for (const line of ['a\n', 'b\n', 'c\n']) lines.write(line);
    expect(file.text()).to.equal('(2 lost: EIO: write)\nc\n');
  });

  it('begin anew after one that found room for its first half alone', () => {
    const file = scripted(4, failing('ENOSPC'));
    const lines = logLines(1, lossLine, file);
    lines.write('a long line\n');
    lines.write('next\n');
    expect(file.text()).to.equal('a lo\n(1 lost: ENOSPC: write)\nnext\n');
  });

  it('wait a moment for a reader that is behind', () => {
    const pipe = scripted(failing('EAGAIN'), failing('EAGAIN'));
    logLines(1, lossLine, { ...pipe, clock: new VirtualClock() }).write('a\n');
    expect(pipe.text()).to.equal('a\n');
  });

  it('hold nobody up for one that does not read: a quarter of a second in ten', () => {
    let reads = false;
    let tries = 0;
    const taken: string[] = [];
    const clock = new VirtualClock();
    const put: Put = (_fd, bytes) => {
      tries += 1;
      if (!reads) throw failing('EAGAIN');
      taken.push(Buffer.from(bytes).toString());
      return bytes.length;
    };
    const lines = logLines(1, lossLine, { put, clock });
    lines.write('a\n');
    expect(tries).to.equal(51);
    for (let line = 0; line < 100; line++) lines.write('b\n');
    expect(tries).to.equal(151);
    clock.moveTo(clock.now() + 10_000);
    lines.write('c\n');
    expect(tries).to.equal(202);
    reads = true;
    lines.write('d\n');
    expect(taken.join('')).to.equal('(102 lost: EAGAIN: write)\nd\n');
  });

  for (const format of ['json', 'pretty'] as const) {
    it(`a logger whose disk is full does not throw (${format})`, () => {
      const fd = openSync('/dev/full', 'w');
      try {
        const logger = createLogger({ level: 'info', format }, { fd });
        for (let line = 0; line < 3; line++) logger.error({ line }, 'crashed');
      } finally {
        closeSync(fd);
      }
    });
  }

  it('a process whose log goes into a pipe that nobody reads goes on', async () => {
    // What follows the first `|` never reads; the writer says on standard error that it has come to its end.
    const writer = fileURLToPath(new URL('./log-lines.child.ts', import.meta.url));
    const shell = spawn('/bin/sh', ['-c', '"$0" "$1" | { read -r line <&3; }', process.execPath, writer], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], detached: true });
    group = shell;
    const [said] = await once(shell.stderr!, 'data');
    expect(String(said)).to.equal('done\n');
    // Whoever was to read ends with this, and the shell with it.
    (shell.stdio[3] as Writable).end('\n');
    await once(shell, 'exit');
  }).timeout(20_000);
});
