/** A blocked event loop is reported with the actor that holds it, and ended with last words; a turning one is never touched. */
import { execFileSync, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { LoopSignal, Silence } from '../../src/supervision/loop/loop-signal.ts';

const ACTOR = 'executor/币安人生USDT';

interface Answer {
  readonly status: number;
  readonly body: { readonly loop?: string; readonly silentMs?: number; readonly inActor?: string | null };
}

function ask(socketPath: string, method = 'GET', path = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }));
    });
    asking.on('error', reject).end();
  });
}

/** Asks again and again until it holds; mocha's own limit is the end of patience. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await turn();
  }
}

describe('loop watch', () => {
  let directory: string;
  let children: ChildProcess[];
  const socket = () => join(directory, 'watch.sock');

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vigil-watch-'));
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });

  function launch(blockedMs: number, { env = {}, socketName = 'watch.sock', stderr = 'pipe' }: { env?: Record<string, string>; socketName?: string; stderr?: 'pipe' | number } = {}): ChildProcess & { errors: () => string } {
    const child = fork(new URL('./loop-watch.child.ts', import.meta.url), [directory, String(blockedMs), socketName], { stdio: ['ignore', 'ignore', stderr, 'ipc'], env: { ...process.env, ...env } });
    children.push(child);
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    return Object.assign(child, { errors: () => text });
  }
  const firstMessage = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0];
  const listen = async (child: ChildProcess) => expect(await firstMessage(child)).to.deep.equal({ listening: true });

  it('answers 200 while the loop turns, to GET / and to nothing else, on a socket for its owner alone', async () => {
    await listen(launch(15_000));
    const { status, body } = await ask(socket());
    expect([status, body.loop]).to.deep.equal([200, 'turning']);
    expect(body.silentMs).to.be.below(300);
    expect((await ask(socket(), 'GET', '/else')).status).to.equal(404);
    expect((await ask(socket(), 'POST')).status).to.equal(405);
    expect(statSync(socket()).mode & 0o777).to.equal(0o600);
  });

  it('answers 503 naming the actor that holds the loop, then ends the process by SIGKILL, with last words', async () => {
    const child = launch(1_500);
    await listen(child);
    child.send('block');
    const blocked = await until(async () => {
      const answer = await ask(socket());
      return answer.status === 503 ? answer : undefined;
    });
    expect(blocked.body).to.include({ loop: 'blocked', inActor: ACTOR });
    expect(blocked.body.silentMs).to.be.within(300, 1_500);

    const [[code, signal]] = (await Promise.all([once(child, 'exit'), once(child, 'close')])) as [[number | null, string | null], unknown[]];
    expect([code, signal]).to.deep.equal([null, 'SIGKILL']);
    const words = JSON.parse(readFileSync(join(directory, 'last-words.json'), 'utf8')) as Record<string, unknown>;
    expect(words).to.include({ level: 'fatal', pid: child.pid, loop: 'blocked', inActor: ACTOR, blockedMs: 1_500 });
    expect(words['silentMs']).to.be.within(1_500, 2_500);
    expect(JSON.parse(child.errors().trim())).to.deep.equal(words);
  });

  it('ends it also where nobody reads its last words, which the file has', async () => {
    const pipe = join(directory, 'stderr');
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', pipe]);
    const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(reader, Buffer.alloc(4_096));
    }, 'it is full').to.throw('EAGAIN');
    const full = openSync(pipe, constants.O_WRONLY);
    try {
      const child = launch(500, { stderr: full });
      await listen(child);
      child.send('block');
      expect((await once(child, 'exit'))[1]).to.equal('SIGKILL');
      expect(readFileSync(join(directory, 'last-words.json'), 'utf8')).to.include(ACTOR);
    } finally {
      closeSync(full);
      closeSync(reader);
    }
  });

  it('takes the place of a socket that a killed process left behind', async () => {
    const first = launch(15_000);
    await listen(first);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(existsSync(socket())).to.equal(true);
    await listen(launch(15_000));
    expect((await ask(socket())).status).to.equal(200);
  });

  it('says so when it cannot serve, and leaves a file that is no socket alone', async () => {
    writeFileSync(socket(), 'precious');
    const failure = async (child: ChildProcess) => ((await firstMessage(child)) as { failure: string }).failure;
    expect(await failure(launch(15_000))).to.include('watch.sock cannot be served');
    expect(readFileSync(socket(), 'utf8')).to.equal('precious');
    expect(await failure(launch(15_000, { socketName: `${'x'.repeat(120)}.sock` }))).to.include('x.sock cannot be served');
  });

  it('removes its socket when it is stopped, and lets the process end', async () => {
    const child = launch(15_000);
    await listen(child);
    child.send('stop');
    expect((await once(child, 'exit'))[0]).to.equal(0);
    expect(existsSync(socket())).to.equal(false);
  });

  it('never keeps a process alive that has nothing else to do', async () => {
    const child = launch(15_000);
    await listen(child);
    child.send('leave');
    expect((await once(child, 'exit'))[0]).to.equal(0);
  });

  describe('under systemd', () => {
    const told = () => (existsSync(join(directory, 'told')) ? readFileSync(join(directory, 'told'), 'utf8').trim().split('\n') : []);
    const fed = () => told().filter((line) => line === 'WATCHDOG=1').length;
    const install = () => {
      const program = join(directory, 'systemd-notify');
      writeFileSync(`${program}.new`, `#!/bin/sh\necho "$1" >> '${join(directory, 'told')}'\n`);
      chmodSync(`${program}.new`, 0o755);
      renameSync(`${program}.new`, program);
    };
    const underSystemd = (blockedMs: number, installed = true) => {
      if (installed) install();
      return launch(blockedMs, { env: { PATH: installed ? `${directory}:${process.env['PATH'] ?? ''}` : directory, NOTIFY_SOCKET: join(directory, 'notify'), WATCHDOG_USEC: '400000' } });
    };

    it('says when the service is up, and feeds the watchdog while the loop turns', async () => {
      const child = underSystemd(15_000);
      await listen(child);
      child.send('ready');
      await until(() => (told().includes('READY=1') && fed() >= 3 ? true : undefined));
    });

    it('does not feed it while the loop is blocked', async () => {
      const child = underSystemd(2_000);
      await listen(child);
      await until(() => (fed() >= 1 ? true : undefined));
      child.send('block');
      await until(async () => ((await ask(socket())).status === 503 ? true : undefined));
      const before = fed();
      await once(child, 'exit');
      // One may have been on its way; in the time left, eight would have come.
      expect(fed() - before).to.be.at.most(1);
    });

    it('goes on telling after a moment in which its program could not be run', async () => {
      const child = underSystemd(15_000, false);
      const failures: string[] = [];
      child.on('message', (message: { readonly failure?: string }) => message.failure !== undefined && failures.push(message.failure));
      child.send('ready');
      await until(() => (failures.length > 0 ? true : undefined));
      install();
      await until(() => (told().includes('READY=1') && fed() >= 2 ? true : undefined));
      expect(failures).to.have.length(1);
      expect(failures[0]).to.include('systemd-notify cannot be run');
    });

    it('does not feed it while that is withheld', async () => {
      const child = underSystemd(15_000);
      await listen(child);
      await until(() => (fed() >= 1 ? true : undefined));
      child.send('withhold');
      child.send('ready');
      await until(() => (told().includes('READY=1') ? true : undefined));
      const before = fed();
      const started = performance.now();
      await until(() => (performance.now() - started > 800 ? true : undefined));
      expect(fed() - before).to.be.at.most(1);
    });
  });
});

describe('the signal between the loop and its watch', () => {
  it('carries the path of the actor, and nobody after it has left', () => {
    const loop = new LoopSignal();
    const watch = new LoopSignal(loop.buffer);
    expect(watch.occupant).to.equal(null);
    loop.enter(ACTOR);
    loop.enter('governor');
    expect(watch.occupant).to.equal('governor');
    loop.leave();
    expect(watch.occupant).to.equal(null);
  });

  it('cuts a long path between two characters', () => {
    const loop = new LoopSignal();
    loop.enter(`x${'币'.repeat(100)}`);
    expect(loop.occupant).to.equal(`x${'币'.repeat(85)}`);
  });
});

describe('silence of the loop', () => {
  it('grows from the last beat, and ends with the next', () => {
    const silence = new Silence(1, 0);
    expect([silence.look(2, 100), silence.look(2, 200), silence.look(2, 300), silence.look(3, 400)]).to.deep.equal([0, 100, 200, 0]);
  });

  it('does not count the time in which the watch itself did not run: a process that was stopped is not blocked', () => {
    const silence = new Silence(1, 0);
    silence.look(2, 100);
    expect(silence.look(2, 3_600_100)).to.be.below(1_000);
  });
});
