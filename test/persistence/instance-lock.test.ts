/** One instance per data directory: refused by name while the holder lives, free the moment it is dead. */
import { expect } from 'chai';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareDataDirectory, unwritable } from '../../src/persistence/data-directory.ts';
import { acquireInstanceLock } from '../../src/persistence/instance-lock.ts';
import { tradingStateFile } from '../../src/persistence/trading-state-file.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { refusedNow } from './refusal.ts';
import { removeTemporary, temporaryDirectory } from './temporary.ts';

const MODULE = new URL('../../src/persistence/instance-lock.ts', import.meta.url).href;

describe('the instance lock', () => {
  afterEach(removeTemporary);

  it('makes the data directory and the name file private', () => {
    const directory = join(temporaryDirectory(), 'a', 'data');
    const lock = acquireInstanceLock(directory, { now: () => 0 });
    expect(statSync(directory).mode & 0o777).to.equal(0o700);
    expect(statSync(join(directory, 'instance.json')).mode & 0o777).to.equal(0o600);
    expect(JSON.parse(readFileSync(join(directory, 'instance.json'), 'utf8'))).to.deep.equal({ pid: process.pid, startedAt: '1970-01-01T00:00:00.000Z' });
    lock.release();
  });

  it('refuses a second instance and names the first', async () => {
    const directory = temporaryDirectory();
    const lock = acquireInstanceLock(directory, { now: () => 0 });
    const refusal = await refusedNow(() => acquireInstanceLock(directory), 'INSTANCE_RUNNING', String(process.pid), '1970-01-01T00:00:00.000Z', directory);
    expect(refusal.details).to.include({ pid: process.pid, startedAt: '1970-01-01T00:00:00.000Z' });
    // Refusing has not loosened the lock, as closing another descriptor of the file would.
    await refusedNow(() => acquireInstanceLock(directory), 'INSTANCE_RUNNING');
    lock.release();
  });

  it('still refuses when the holder has not written its name yet', async () => {
    const directory = temporaryDirectory();
    const lock = acquireInstanceLock(directory);
    writeFileSync(join(directory, 'instance.json'), '{"pid":');
    await refusedNow(() => acquireInstanceLock(directory), 'INSTANCE_RUNNING', 'another process', directory);
    lock.release();
  });

  it('is free after release, which may be called twice and then takes nothing from the next holder', async () => {
    const directory = temporaryDirectory();
    const first = acquireInstanceLock(directory);
    first.release();
    const second = acquireInstanceLock(directory);
    first.release();
    expect(existsSync(join(directory, 'instance.json'))).to.equal(true);
    await refusedNow(() => acquireInstanceLock(directory), 'INSTANCE_RUNNING');
    second.release();
  });

  it('is free after release also when its name cannot be removed: a disk that has become read-only does not decide how the process ends', () => {
    const directory = temporaryDirectory();
    const lock = acquireInstanceLock(directory);
    const name = join(directory, 'instance.json');
    rmSync(name);
    mkdirSync(name);
    expect(() => lock.release()).to.not.throw();
    rmSync(name, { recursive: true });
    acquireInstanceLock(directory).release();
  });

  it('is held against another process, and free at once when kill -9 ends that process', async () => {
    const directory = temporaryDirectory();
    const script = `
      import { acquireInstanceLock } from ${JSON.stringify(MODULE)};
      acquireInstanceLock(process.argv[1]);
      // What nobody refers to any more is collected, and its file closed: the lock is held all the same.
      await new Promise((resolve) => setTimeout(resolve, 20));
      gc();
      process.stdout.write('held');
      process.stdin.resume();
    `;
    const holder = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await refusedNow(() => acquireInstanceLock(directory), 'INSTANCE_RUNNING', `process ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = acquireInstanceLock(directory);
    expect(lock.pid).to.equal(process.pid);
    lock.release();
  });

  it('does not take a start that gives up for a holder: of two in the same moment one could refuse the other, and both would end', async () => {
    const directory = temporaryDirectory();
    acquireInstanceLock(directory).release();
    // As far as another start gets before it fails: it reads the file, and cannot have it alone.
    const script = `
      const { DatabaseSync } = await import('node:sqlite');
      const db = new DatabaseSync(process.argv[1]);
      db.exec('BEGIN; SELECT * FROM sqlite_schema');
      process.stdout.write('reads');
      setTimeout(() => db.close(), 10);
    `;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script, join(directory, 'lock.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    acquireInstanceLock(directory).release();
    await once(other, 'exit');
  });

  it('of two that start in the same moment has one, and the other is told so', async () => {
    const script = `
      import { acquireInstanceLock } from ${JSON.stringify(MODULE)};
      process.on('message', ({ directory, at }) => {
        while (Date.now() < at);
        try {
          acquireInstanceLock(directory);
          process.send('taken');
        } catch (error) {
          process.send(error.code);
        }
      });`;
    const file = join(temporaryDirectory(), 'starter.mjs');
    writeFileSync(file, script);
    const starters = [fork(file), fork(file)];
    for (let round = 0; round < 3; round++) {
      const directory = join(temporaryDirectory(), 'data');
      const answers = starters.map(async (starter) => String((await once(starter, 'message'))[0]));
      const at = Date.now() + 5;
      for (const starter of starters) starter.send({ directory, at });
      expect((await Promise.all(answers)).toSorted()).to.deep.equal(['INSTANCE_RUNNING', 'taken']);
    }
    for (const starter of starters) starter.kill();
  });

  it('is refused for no reason of its own while another start looks at the same directory', async () => {
    const directory = temporaryDirectory();
    const script = `
      import { prepareDataDirectory } from ${JSON.stringify(new URL('../../src/persistence/data-directory.ts', import.meta.url).href)};
      process.stdout.write('begun');
      for (const until = Date.now() + 10_000; Date.now() < until; ) {
        try { prepareDataDirectory(process.argv[1]); } catch { /* The other's turn to tell. */ }
      }
    `;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    try {
      for (let time = 0; time < 3_000; time++) prepareDataDirectory(directory);
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  });

  it('names the directory and the reason when it cannot be created or written', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    await refusedNow(() => acquireInstanceLock(join(file, 'data')), 'DATA_DIR_UNWRITABLE', join(file, 'data'), 'ENOTDIR');
    await refusedNow(() => prepareDataDirectory(file), 'DATA_DIR_UNWRITABLE', file, 'EEXIST');
    await refusedNow(() => prepareDataDirectory('/proc/vigil'), 'DATA_DIR_UNWRITABLE', '/proc/vigil', 'ENOENT');
    await refusedNow(() => prepareDataDirectory('/proc/self'), 'DATA_DIR_UNWRITABLE', '/proc/self');
  });

  it('says of a disk that is full or fails that it is away, and of a read-only one only where an instance has worked before', () => {
    const directory = temporaryDirectory();
    const codeFor = (code: string) => unwritable(directory, join(directory, 'x'), Object.assign(new Error(code), { code })).code;
    expect(['ENOSPC', 'EDQUOT', 'EIO', 'ESTALE'].map(codeFor)).to.deep.equal(Array.from({ length: 4 }, () => 'DATA_DIR_AWAY'));
    expect(['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT'].map(codeFor)).to.deep.equal(Array.from({ length: 5 }, () => 'DATA_DIR_UNWRITABLE'));
    acquireInstanceLock(directory).release();
    expect(['EROFS', 'ENOSPC', 'EACCES', 'EPERM'].map(codeFor)).to.deep.equal(['DATA_DIR_AWAY', 'DATA_DIR_AWAY', 'DATA_DIR_UNWRITABLE', 'DATA_DIR_UNWRITABLE']);
    const codeOfSqlite = (errcode: number) => unwritable(directory, join(directory, 'lock.db'), Object.assign(new Error('sqlite'), { code: 'ERR_SQLITE_ERROR', errcode })).code;
    expect([10, 522, 13, 1].map(codeOfSqlite), 'the lock is a file of SQLite: IOERR, one of its kinds, FULL; and what is no fault of the disk').to.deep.equal(['DATA_DIR_AWAY', 'DATA_DIR_AWAY', 'DATA_DIR_AWAY', 'DATA_DIR_UNWRITABLE']);
    expect(() => tradingStateFile('/proc/self/mem').read(), 'what a failing disk does not give back').to.throw(VigilError, '/proc/self/mem cannot be read: EIO').with.property('code', 'DATA_DIR_AWAY');
    expect(unwritable(directory, '/x/y', new Error('z')).message).to.equal('/x/y cannot be written: z');
  });
});
