/** The TCP door: nothing without the token, nothing for a foreign page, and no act where only reading is allowed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { guard } from '../../src/operator/access.ts';
import { Sessions } from '../../src/operator/session.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { send, startService } from './kit/service.ts';
import type { Reply, TestService } from './kit/service.ts';

describe('the TCP door', () => {
  let service: TestService;
  const call = (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Reply> => send({ host: '127.0.0.1', port: service.port, path, method, headers }, body);
  const bearer = () => ({ authorization: `Bearer ${service.token}` });
  const json = { 'content-type': 'application/json' };
  const code = (reply: Reply) => [reply.status, reply.json?.error?.code];

  before(async () => {
    service = await startService();
  });
  after(() => service.close());

  it('the address to print carries the token in the fragment, 32 safe characters, the same as in the file', () => {
    expect(service.addresses.url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/);
    expect(readFileSync(join(service.dataDir, 'http-token'), 'utf8').trim()).to.equal(service.token);
  });

  it('nothing of the API is told without the token, not even what there is', async () => {
    for (const path of ['/v1/health', '/v1/help', '/v1/nothing', '/nothing', '/v1/actors/market']) {
      const reply = await call(path);
      expect(code(reply), path).to.deep.equal([401, 'NOT_AUTHENTICATED']);
      expect(reply.headers['www-authenticate']).to.match(/^Bearer/);
    }
    expect(code(await call('/v1/stop', {}, 'POST'))).to.deep.equal([401, 'NOT_AUTHENTICATED']);
  });

  it('a wrong token, a token in another scheme and one in the query open nothing', async () => {
    for (const authorization of ['Bearer wrong', `Bearer ${service.token}x`, `Basic ${service.token}`, 'Bearer', `Bearer ${service.token.toUpperCase()}`]) expect(code(await call('/v1/tree', { authorization }))).to.deep.equal([401, 'NOT_AUTHENTICATED']);
    expect((await call(`/v1/tree?token=${service.token}`)).status).to.equal(401);
  });

  it('the token as Bearer reads', async () => {
    const reply = await call('/v1/health', bearer());
    expect([reply.status, reply.json.mode]).to.deep.equal([200, 'paper']);
    expect(reply.headers).to.include({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(code(await call('/v1/nothing', bearer()))).to.deep.equal([404, 'NOT_FOUND']);
  });

  it('the token is exchanged for a cookie that no script sees and no other site sends', async () => {
    const reply = await call('/v1/session', json, 'POST', JSON.stringify({ token: service.token }));
    expect(reply.status).to.equal(200);
    const [cookie = ''] = reply.headers['set-cookie'] ?? [];
    expect(cookie).to.contain('HttpOnly').and.to.contain('SameSite=Strict').and.to.contain('Path=/');
    expect(cookie).not.to.contain(service.token);
    expect((await call('/v1/tree', { cookie: `other=1; ${cookie.split(';')[0]}` })).status).to.equal(200);
    expect((await call('/v1/tree', { cookie: cookie.split(';')[0]!.slice(0, -1) })).status).to.equal(401);
  });

  it('a session needs the right token, as JSON', async () => {
    expect(code(await call('/v1/session', json, 'POST', '{"token":"guess"}'))).to.deep.equal([401, 'NOT_AUTHENTICATED']);
    expect(code(await call('/v1/session', json, 'POST', '{}'))).to.deep.equal([400, 'REQUEST_INVALID']);
    expect(code(await call('/v1/session', { 'content-type': 'text/plain' }, 'POST', JSON.stringify({ token: service.token })))).to.deep.equal([415, 'REQUEST_INVALID']);
    expect((await call('/v1/session')).status).to.equal(405);
  });

  it('a foreign Host, as after DNS rebinding, is refused, for the page too', async () => {
    for (const host of ['evil.example', `evil.example:${service.port}`, '127.0.0.1:1', '127.0.0.1']) {
      expect(code(await call('/v1/tree', { ...bearer(), host })), host).to.deep.equal([403, 'ORIGIN_REFUSED']);
      expect((await call('/', { host })).status).to.equal(403);
    }
    for (const host of [`localhost:${service.port}`, `[::1]:${service.port}`, `LOCALHOST:${service.port}`]) expect((await call('/v1/tree', { ...bearer(), host })).status, host).to.equal(200);
  });

  it('a foreign Origin and a request from another page of this host are refused', async () => {
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${service.port}`, 'http://127.0.0.1:1']) expect(code(await call('/v1/tree', { ...bearer(), origin })), origin).to.deep.equal([403, 'ORIGIN_REFUSED']);
    for (const site of ['cross-site', 'same-site']) expect(code(await call('/v1/tree', { ...bearer(), 'sec-fetch-site': site }))).to.deep.equal([403, 'ORIGIN_REFUSED']);
    expect((await call('/v1/tree', { ...bearer(), origin: `http://127.0.0.1:${service.port}`, 'sec-fetch-site': 'same-origin' })).status).to.equal(200);
  });

  it('acts are refused where only reading is allowed, and nothing is done', async () => {
    for (const path of ['/v1/stop', '/v1/trading/halt', '/v1/deadletters/clear', ...['kill', 'unpark', 'discard', 'reset-stats', 'trace'].map((act) => `/v1/actors/market/${act}`)]) expect(code(await call(path, { ...bearer(), ...json }, 'POST', '{"reason":"x"}'))).to.deep.equal([403, 'ACTION_REFUSED']);
    expect(service.audit).to.deep.equal([]);
    expect(service.stops).to.deep.equal([]);
    expect(service.facts.tradingState.overall).to.equal('ACTIVE');
  });

  it('the page is served to anyone from here, holds nothing, and may load nothing from elsewhere', async () => {
    for (const [path, type] of [['/', 'text/html'], ['/page.js', 'text/javascript'], ['/panels.js', 'text/javascript'], ['/page.css', 'text/css']] as const) {
      const reply = await call(path);
      expect([reply.status, reply.headers['content-type']], path).to.deep.equal([200, `${type}; charset=utf-8`]);
      expect(reply.headers['content-security-policy']).to.contain("default-src 'none'").and.not.to.contain('unsafe');
      expect(reply.text).not.to.contain(service.token);
      // Other addresses in the page would be loaded, or would be meant to be.
      expect(reply.text).not.to.match(/https?:\/\//);
    }
  });

  it('what goes on is told to nobody without the token, and is kept nowhere', async () => {
    expect(code(await call('/v1/events?since=0&follow=false'))).to.deep.equal([401, 'NOT_AUTHENTICATED']);
    const reply = await call('/v1/events?since=0&follow=false', bearer());
    expect([reply.status, reply.headers['content-type']]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
    expect(reply.headers).to.include({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  it('has a token of its own where one is configured, and acts where that is allowed', async () => {
    const other = await startService({ token: 'a-token-of-our-own-choice', allowControl: true });
    expect(other.token).to.equal('a-token-of-our-own-choice');
    const headers = { authorization: 'Bearer a-token-of-our-own-choice', 'content-type': 'application/json' };
    const halt = (more: Record<string, string>) => send({ host: '127.0.0.1', port: other.port, method: 'POST', path: '/v1/trading/halt', headers: { ...headers, ...more } }, '{"reason":"x"}');
    expect((await halt({})).json.overall).to.equal('HALTED');
    expect(other.audit).to.deep.equal([{ action: 'halt', target: 'all', reason: 'x', by: 'operator@tcp' }]);
    expect((await halt({ origin: 'http://evil.example' })).status).to.equal(403);
    expect((await halt({ 'content-type': 'application/x-www-form-urlencoded' })).status).to.equal(415);
    await other.close();
  });

  it('a token of which a kill left only half is made again', async () => {
    const file = join(service.dataDir, 'http-token');
    writeFileSync(file, service.token.slice(0, 10));
    const { incarnation } = service.system.inspect('operator/http')!;
    service.system.control('operator/http', 'kill', 'test');
    await service.started('operator/http', incarnation + 1);
    expect(readFileSync(file, 'utf8').trim()).to.match(/^[\w-]{32}$/);
    expect((await call('/v1/tree', bearer())).status).to.equal(401);
  });
});

describe('a session', () => {
  const clock = new VirtualClock();
  const sessions = new Sessions('t'.repeat(32), clock);
  const cookie = sessions.cookie(8470).split(';')[0]!;
  const access = { host: '127.0.0.1', sessions, allowControl: false };
  const guarded = (headers: Record<string, string>, port = 8470) => {
    try {
      guard(access, { method: 'GET', path: '/v1/tree', port, headers: { host: `127.0.0.1:${port}`, ...headers } });
      return 'let in';
    } catch (error) {
      return error instanceof VigilError ? error.code : 'broken';
    }
  };

  it('belongs to its port and its token, and its end cannot be moved', () => {
    expect(sessions.isOpen(cookie, 8470)).to.equal(true);
    expect(sessions.isOpen(cookie, 8471)).to.equal(false);
    expect(sessions.isOpen(cookie.replace('8470', '8471'), 8471)).to.equal(true);
    expect(new Sessions('u'.repeat(32), clock).isOpen(cookie, 8470)).to.equal(false);
    expect(sessions.isOpen(cookie.replace(/=\d/, '=9'), 8470)).to.equal(false);
    for (const broken of [undefined, '', 'vigil-8470=', 'vigil-8470=.', 'vigil-8470=x.y']) expect(sessions.isOpen(broken, 8470)).to.equal(false);
  });

  it('ends after thirty days', () => {
    clock.moveTo(clock.now() + 30 * 86_400_000 - 1);
    expect(guarded({ cookie })).to.equal('let in');
    clock.moveTo(clock.now() + 1);
    expect(guarded({ cookie })).to.equal('NOT_AUTHENTICATED');
  });

  it('a wrong Bearer is not made good by a cookie, and port 80 may go unsaid', () => {
    const fresh = sessions.cookie(80).split(';')[0]!;
    expect(guarded({ cookie: fresh, host: 'localhost' }, 80)).to.equal('let in');
    expect(guarded({ cookie: fresh, authorization: 'Bearer x' }, 80)).to.equal('NOT_AUTHENTICATED');
    expect(guarded({ cookie: fresh, host: 'localhost' })).to.equal('ORIGIN_REFUSED');
    expect(guarded({ cookie: fresh, host: '' })).to.equal('ORIGIN_REFUSED');
  });
});
