/** The way to Redis under TLS: to a server whose certificate is trusted, by the name that was given; every other is refused by its cause. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CALL_BOUNDS, standaloneConnector } from '../../../src/persistence/redis/connection.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { describeWithRedis, freePort, RedisServer } from '../../kit/redis.ts';
import { refused } from '../refusal.ts';
import { removeTemporary, temporaryDirectory } from '../temporary.ts';
import { noted, RedisStage, sequencesOf } from './stage.ts';

describeWithRedis('Redis under TLS', () => {
  const trusted = getCACertificates('default');
  const stage = new RedisStage();
  let server: RedisServer;
  let url = '';
  let [key, certificate] = ['', ''];
  before(async () => {
    const directory = temporaryDirectory();
    [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], { encoding: 'utf8' });
    expect(made.status, `openssl makes a certificate: ${made.error?.message ?? made.stderr}`).to.equal(0);
    const port = await freePort();
    server = await RedisServer.start({ password: 'word', config: { 'tls-port': String(port), 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-auth-clients': 'no' } });
    url = `rediss://:word@localhost:${port}`;
  });
  afterEach(async () => {
    setDefaultCACertificates(trusted);
    await stage.close();
  });
  after(async () => {
    await server.remove();
    removeTemporary();
  });

  it('keeps a journal as ever', async () => {
    setDefaultCACertificates([readFileSync(certificate, 'utf8')]);
    const journal = await stage.open(url);
    await journal.append([noted('a', 1), noted('a', 2)]);
    expect(await sequencesOf(journal, 'a')).to.deep.equal([1, 2]);
  });

  it('with a certificate that nobody vouches for, of another name, or without any TLS behind it, is refused with what to set', async () => {
    await refused(stage.open(url), 'JOURNAL_UNAVAILABLE', 'TLS', 'self-signed certificate', 'NODE_EXTRA_CA_CERTS');
    setDefaultCACertificates([readFileSync(certificate, 'utf8')]);
    const { message } = await refused(stage.open(url.replace('localhost', '127.0.0.1')), 'JOURNAL_UNAVAILABLE', 'TLS', '127.0.0.1 is not in the cert', 'journal.redis.url');
    expect(message).not.to.include('word');
    await refused(stage.open(`rediss://:word@${server.where}`, { bounds: { connectMs: 500, callMs: 500 } }), 'JOURNAL_UNAVAILABLE', 'TLS', 'a server without it says nothing');
  });

  it('names the server it wants: behind one address there may be many, each with its certificate', async () => {
    setDefaultCACertificates([readFileSync(certificate, 'utf8')]);
    const asked: (string | false | null)[] = [];
    const many = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
      asked.push(socket.servername);
      socket.on('error', () => {});
      socket.on('data', () => socket.write('+OK\r\n'));
    }).listen(0, 'localhost');
    await once(many, 'listening');
    const connection = await standaloneConnector(`rediss://localhost:${(many.address() as AddressInfo).port}`, 'vigil:test', systemClock, CALL_BOUNDS).connect();
    connection.close();
    await new Promise((resolve) => many.close(resolve));
    expect(asked).to.deep.equal(['localhost']);
  });
}, 'openssl');
