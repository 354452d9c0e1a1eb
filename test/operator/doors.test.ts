/** The doors: where the socket is, who may have it, and that both doors are open again after whatever happens to the actor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { chooseSocketPath, findSocketPath } from '../../src/operator/socket-path.ts';
import { parseListen } from '../../src/operator/tcp-listener.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { onSocket, send, startService, tempDir } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

async function failureOf(work: Promise<TestService>): Promise<VigilError> {
  const service = await work.then(
    (started) => started,
    (error: unknown) => error,
  );
  if (service instanceof VigilError) return service;
  if (!(service instanceof Error)) await (service as TestService).close();
  throw new Error('it started, or failed otherwise', { cause: service });
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof VigilError) return error.code;
    throw error;
  }
  return 'none';
}

describe('the doors of the operator', () => {
  const made: string[] = [];
  const dir = () => {
    const path = tempDir();
    made.push(path);
    return path;
  };
  after(() => made.forEach((path) => rmSync(path, { recursive: true, force: true })));

  it('the socket and the token are for the owner alone, and the mask of the process is as it was', async () => {
    const mask = process.umask();
    const dataDir = join(dir(), 'fresh');
    const service = await startService({ dataDir });
    expect(statSync(dataDir).mode & 0o777).to.equal(0o700);
    expect(statSync(join(dataDir, 'vigil.sock')).mode & 0o777).to.equal(0o600);
    expect(statSync(join(dataDir, 'http-token')).mode & 0o777).to.equal(0o600);
    expect(process.umask()).to.equal(mask);
    expect(service.addresses.socket).to.equal(join(dataDir, 'vigil.sock'));
    await service.system.stop('enough');
    expect(existsSync(join(dataDir, 'vigil.sock'))).to.equal(false);
  });

  it('a socket that a killed process left behind is taken over', async () => {
    const dataDir = dir();
    const path = join(dataDir, 'vigil.sock');
    const owner = spawn(process.execPath, ['-e', `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(statSync(path).isSocket()).to.equal(true);
    const service = await startService({ dataDir });
    expect((await onSocket(service).get('/v1/health')).status).to.equal(200);
    await service.close();
  });

  it('a socket on which somebody answers is INSTANCE_RUNNING, and goes on answering', async () => {
    const first = await startService({ dataDir: dir() });
    const error = await failureOf(startService({ dataDir: first.dataDir }));
    expect(error.code).to.equal('INSTANCE_RUNNING');
    expect(error.message).to.contain('vigil.sock');
    expect((await onSocket(first).get('/v1/tree')).status).to.equal(200);
    await first.close();
  });

  it('a file of that name that is no socket is left alone', async () => {
    const dataDir = dir();
    writeFileSync(join(dataDir, 'vigil.sock'), 'mine');
    expect((await failureOf(startService({ dataDir }))).code).to.equal('SOCKET_UNUSABLE');
    expect(readFileSync(join(dataDir, 'vigil.sock'), 'utf8')).to.equal('mine');
  });

  it('a path too long for a socket moves to the runtime directory, and is found through the data directory', async () => {
    const dataDir = join(dir(), '数据'.repeat(20));
    const service = await startService({ dataDir });
    expect(Buffer.byteLength(service.addresses.socket)).to.be.at.most(100);
    expect(readFileSync(join(dataDir, 'socket'), 'utf8').trim()).to.equal(service.addresses.socket);
    expect(findSocketPath(dataDir)).to.equal(service.addresses.socket);
    expect(statSync(service.addresses.socket).mode & 0o777).to.equal(0o600);
    expect((await onSocket(service).get('/v1/health')).status).to.equal(200);
    await service.close();
  });

  it('a data directory that is short again needs no pointer', async () => {
    const dataDir = dir();
    writeFileSync(join(dataDir, 'socket'), '/gone/vigil.sock\n');
    const service = await startService({ dataDir });
    expect(findSocketPath(dataDir)).to.equal(join(dataDir, 'vigil.sock'));
    await service.close();
  });

  it('the runtime directory must be ours and closed, and XDG_RUNTIME_DIR comes first', () => {
    const long = join('/x', 'y'.repeat(120));
    const runtime = dir();
    expect(chooseSocketPath(long, { XDG_RUNTIME_DIR: runtime }).path).to.match(/\/vigil-[0-9a-f]{16}\.sock$/).and.to.contain(runtime);
    chmodSync(runtime, 0o755);
    expect(codeOf(() => chooseSocketPath(long, { XDG_RUNTIME_DIR: runtime }))).to.equal('SOCKET_UNUSABLE');
    writeFileSync(join(runtime, 'file'), '');
    expect(codeOf(() => chooseSocketPath(long, { XDG_RUNTIME_DIR: join(runtime, 'file') }))).to.equal('SOCKET_UNUSABLE');
    const deep = join(runtime, 'z'.repeat(90));
    mkdirSync(deep, { mode: 0o700 });
    expect(codeOf(() => chooseSocketPath(long, { XDG_RUNTIME_DIR: deep }))).to.equal('SOCKET_UNUSABLE');
    expect(chooseSocketPath('/short', {})).to.deep.equal({ path: '/short/vigil.sock', moved: false });
  });

  it('a taken port is PORT_TAKEN by its number, and leaves no socket behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const dataDir = dir();
    const error = await failureOf(startService({ dataDir, listen: `127.0.0.1:${port}` }));
    other.close();
    expect(error.code).to.equal('PORT_TAKEN');
    expect(error.message).to.contain(`127.0.0.1:${port}`);
    expect(existsSync(join(dataDir, 'vigil.sock'))).to.equal(false);
  });

  it('listens on loopback or not at all', () => {
    expect(parseListen('off')).to.equal(undefined);
    expect(parseListen('127.0.0.1:8470')).to.deep.equal({ host: '127.0.0.1', port: 8470 });
    expect(parseListen('localhost:0')).to.deep.equal({ host: '127.0.0.1', port: 0 });
    expect(parseListen('[::1]:8470')).to.deep.equal({ host: '::1', port: 8470 });
    for (const listen of ['0.0.0.0:8470', '[::]:8470', '192.168.1.2:8470', '127.evil.example:8470', 'example.org:80', '8470', '127.0.0.1:70000', '127.0.0.1:', '']) expect(codeOf(() => parseListen(listen)), listen).to.equal('CONFIG_INVALID');
  });

  for (const [how, path] of [['kill', 'operator/http'], ['restart', 'operator/http'], ['kill', 'operator']] as const) {
    it(`${how} of ${path} answers, and both doors open again where they were, with the same token and session`, async () => {
      const service = await startService({ dataDir: dir() });
      const { token, port } = service;
      const api = onSocket(service);
      const { headers } = await send({ port, host: '127.0.0.1', method: 'POST', path: '/v1/session', headers: { 'content-type': 'application/json' } }, JSON.stringify({ token }));
      const cookie = headers['set-cookie']![0]!.split(';')[0]!;
      const reply = await api.post(`/v1/actors/${path}/${how}`, { reason: 'to see the doors' });
      expect([reply.status, reply.json.incarnation]).to.deep.equal([202, 1]);
      await service.started('operator/http', 2);
      expect((await api.get('/v1/actors/operator/http')).json).to.include({ incarnation: 2, status: 'running' });
      expect((await send({ port, host: '127.0.0.1', path: '/v1/tree', headers: { authorization: `Bearer ${token}` } })).status).to.equal(200);
      expect((await send({ port, host: '127.0.0.1', path: '/v1/tree', headers: { cookie } })).status).to.equal(200);
      await service.close();
    });
  }

  it('a killed actor leaves no connection open', async () => {
    const service = await startService({ dataDir: dir() });
    service.facts.readiness = 'silent';
    // Waits for readiness when the actor dies.
    const cut = onSocket(service).get('/v1/health').then(() => 'answered', () => 'cut');
    await onSocket(service).get('/v1/tree');
    service.system.control('operator/http', 'kill', 'now');
    expect(existsSync(service.addresses.socket)).to.equal(false);
    expect(await cut).to.equal('cut');
    await service.close();
  });

  it('says where it listens, when asked, and shows no token of itself', async () => {
    const service = await startService({ dataDir: dir() });
    const asked = await service.system.ask(service.system.ref<{ type: 'addresses' } & { '~answer'?: unknown }>('operator/http'), { type: 'addresses' }, 500);
    expect(asked).to.deep.equal(service.addresses);
    const { text, json } = await onSocket(service).get('/v1/actors/operator/http');
    expect(json.state).to.deep.equal({ socket: service.addresses.socket, listen: `http://127.0.0.1:${service.port}`, allowControl: false });
    expect(text).not.to.contain(service.token);
    await service.close();
  });
});
