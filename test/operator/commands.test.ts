/** The commands: what a person reads, what a script reads, and the one exit code for each kind of end. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { adminClient } from '../../src/operator/commands/client.ts';
import { socketFor } from '../../src/operator/commands/io.ts';
import { widthOf } from '../../src/operator/commands/width.ts';
import type { DecisionLogMessage } from '../../src/protocol/messages.ts';
import { VigilError } from '../../src/protocol/errors.ts';
import { run } from './kit/command.ts';
import { puppet, SECRET } from './kit/puppet-actor.ts';
import type { PuppetMessage } from './kit/puppet-actor.ts';
import { life, position } from './kit/readings.ts';
import { flat, GPS, onSocket, RACOON, startService, tempDir } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

/** The columns at which the words of each line begin. */
const columns = (line: string, ...words: string[]) => words.map((word) => widthOf(line.slice(0, line.indexOf(word))));

describe('commands', () => {
  let service: TestService;
  const vigil = (...args: string[]) => run([...args, '--data-dir', service.dataDir]);

  before(async () => {
    service = await startService({ listen: 'off', children: (system) => [puppet(system, 'puppet', { now: true }), puppet(system, 'one-off', { now: false }, { restart: 'transient' })] });
  });
  after(() => service.close());

  it('health says the state of each check, and ends with 0', async () => {
    const { code, out, err } = await vigil('health');
    expect([code, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^● ok · paper · trading ACTIVE · up 1?\d\d? s · start 7 /);
    expect(out).to.match(/^readiness +● ok +\d+ s +everything a decision needs is known$/m);
  });

  it('health ends with 1 when something is wrong, degraded or failing', async () => {
    const { tradingState, readiness } = service.facts;
    service.facts.tradingState = { ...tradingState, overall: 'HALTED', cause: 'told so' };
    const degraded = await vigil('health');
    service.facts.readiness = 'silent';
    const failing = await vigil('health', '--json');
    Object.assign(service.facts, { tradingState, readiness });
    expect([degraded.code, failing.code]).to.deep.equal([1, 1]);
    expect(degraded.out).to.match(/^▲ degraded · paper · trading HALTED/).and.to.contain('HALTED: told so');
    expect(JSON.parse(failing.out)).to.include({ status: 'failing' });
  });

  it('--json is the exact answer of the API, for every view', async () => {
    for (const [command, path] of [['tree', '/v1/tree'], ['positions', '/v1/positions'], ['universe', '/v1/universe'], ['account', '/v1/account'], ['deadletters', '/v1/deadletters'], ['funnel', '/v1/funnel']] as const) {
      const { code, out } = await vigil(command, '--json');
      expect([code, out], command).to.deep.equal([0, `${(await onSocket(service).get(path)).text}\n`]);
    }
    const inspected = await vigil('inspect', `executor/${RACOON}`, '--json');
    expect(JSON.parse(inspected.out)).to.include({ path: `executor/${RACOON}`, status: 'running' });
  });

  it('tree draws the branches, and its columns align also behind a wide name', async () => {
    const { out } = await vigil('tree');
    const lines = out.trimEnd().split('\n');
    expect(lines.find((line) => line.includes(RACOON))).to.match(/^│ {2}└─ executor\/币安人生USDT +running/);
    const starts = lines.slice(1).map((line) => columns(line, 'running')[0]);
    expect(new Set(starts).size).to.equal(1);
  });

  it('top puts the longest queue first, and shows as many as asked for', async () => {
    service.system.control('account', 'suspend', 'test');
    for (let i = 0; i < 3; i++) service.system.tell(service.system.ref('account'), { type: 'wait' });
    const { out } = await vigil('top', '-n', '2', '--window', '0');
    const json = await vigil('top', '--limit', '1', '--window', '20', '--sort', 'age', '--json');
    service.system.control('account', 'resume', 'test');
    const [title, , heads, ...rows] = out.trimEnd().split('\n');
    expect(title).to.equal('By queue; time, messages and restarts since the start');
    expect(heads).to.match(/^ACTOR +QUEUE +OLDEST +TIME MS +SHARE +HANDLED +RESTARTS$/);
    expect(rows).to.have.length(2);
    expect(rows[0]).to.match(/^account +3 +\d+ ms +/);
    const body = JSON.parse(json.out) as { sort: string; windowMs: number; actors: { path: string }[] };
    expect(body).to.include({ sort: 'age', windowMs: 20 });
    expect(body.actors.map((one) => one.path)).to.deep.equal(['account']);
  });

  it('top tells what happened within a second unless another window is asked for', async () => {
    expect((await vigil('top')).out).to.match(/^By queue; time, messages and restarts within 1 s\n/);
  });

  it('inspect shows one actor in sections, and no secret in any of them', async () => {
    const parked = new Promise<void>((resolve) => void service.system.subscribe((event) => void (event.type === 'parked' && resolve())));
    service.system.tell(service.system.ref<PuppetMessage>('puppet'), { type: 'poison', apiSecret: SECRET }, 'somebody');
    await parked;
    await service.started('puppet', 3);
    const { code, out } = await vigil('inspect', 'puppet');
    expect(code).to.equal(0);
    expect(out).not.to.contain(SECRET);
    expect(out).to.match(/^restart: permanent$/m).and.to.match(/^lastExit: crashed, incarnation 2, /m);
    expect(out).to.match(/^mailbox: 0 of 10000, oldest 0 ms, 0 dropped, 1 parked$/m);
    expect(out).to.match(/^accounts: 1 received = 0 handled \+ 1 parked; 0 refused$/m);
    expect(out).to.match(/^watchedBy: nobody$/m).and.to.match(/^in the handler +\d+ +[\d.]+ +[\d.]+ +[\d.]+$/m);
    expect(out).to.contain('state:\n  count: 0\n  apiSecret: [redacted]\n');
    expect(out).to.match(/^poison +\S+Z +somebody +.*cannot take it.*  \{"type":"poison","apiSecret":"\[redacted\]"\}$/m);
  });

  it('inspect says why there is no state, and tree that an actor has ended in order', async () => {
    const ended = new Promise<void>((resolve) => void service.system.subscribe((event) => void (event.type === 'stopped' && event.path === 'one-off' && resolve())));
    service.system.tell(service.system.ref<PuppetMessage>('one-off'), { type: 'end' });
    await ended;
    expect((await vigil('inspect', 'one-off')).out).to.match(/^state: not known: one-off is stopped$/m);
    expect((await vigil('tree')).out).to.match(/one-off +ended +1 /);
  });

  it('unpark, discard and reset-stats say what they fell upon', async () => {
    const { incarnation } = service.system.inspect('puppet')!;
    expect((await vigil('discard', 'puppet', '--reason', 'seen')).out).to.equal(`discard of puppet, incarnation ${incarnation}: taken, 1 messages\n`);
    expect((await vigil('unpark', 'puppet')).out).to.equal(`unpark of puppet, incarnation ${incarnation}: taken, 0 messages\n`);
    expect((await vigil('reset-stats', 'puppet')).out).to.equal(`reset-stats of puppet, incarnation ${incarnation}: taken\n`);
  });

  it('follow shows messages as they pass and ends at a limit with 0, or when the person has seen enough', async () => {
    const tell = () => service.system.tell(service.system.ref<PuppetMessage>('puppet'), { type: 'work', apiSecret: SECRET }, 'somebody');
    const ticking = setInterval(tell, 5);
    const { code, out } = await vigil('follow', 'puppet', '--messages', '2', '--payload');
    const json = await vigil('follow', 'puppet', '--messages', '1', '--json');
    const seen = await run(['follow', 'puppet', '--data-dir', service.dataDir], { interrupt: (written) => written.includes('work') });
    clearInterval(ticking);
    expect(code).to.equal(0);
    expect(out).to.match(/^\S+Z  in   work from somebody, waited [\d.]+ ms, took [\d.]+ ms  \{"type":"work","apiSecret":"\[redacted\]"\}$/m);
    expect(out).to.match(/Z  end  2 messages: as many as were asked for\n$/).and.not.to.contain(SECRET);
    expect(json.out.trimEnd().split('\n').map((line) => (JSON.parse(line) as { direction: string }).direction)).to.deep.equal(['in', 'end']);
    expect([seen.code, seen.err]).to.deep.equal([0, '']);
  });

  it('follow is refused as every act is, and a limit that is none is a usage fault', async () => {
    expect(await vigil('follow', 'nobody')).to.include({ code: 4, out: '' });
    expect(await vigil('follow', 'executors')).to.include({ code: 4 });
    expect(await vigil('follow', 'puppet', '--messages', '10001')).to.include({ code: 2 });
    expect(await run(['follow', 'puppet', '--data-dir', '/nowhere'])).to.include({ code: 3 });
  });

  it('events shows what has happened, and with --follow what happens, until the person has seen enough', async () => {
    const { code, out } = await vigil('events');
    expect(code).to.equal(0);
    expect(out).to.match(/^\S+Z  parked          puppet: poison from somebody: .*cannot take it/m).and.to.match(/^\S+Z  crashed         puppet, incarnation 1, during poison: /m);
    expect(out).not.to.contain(SECRET);
    const followed = run(['events', '--follow', '--json', '--data-dir', service.dataDir], { interrupt: (written) => written.includes('"resumed"') });
    service.system.control('market', 'suspend', 'test');
    service.system.control('market', 'resume', 'test');
    const last = (await followed).out.trimEnd().split('\n').at(-1);
    expect(JSON.parse(last!)).to.include({ type: 'resumed', path: 'market' });
  });

  it('positions align in every script, and a missing stop stands out', async () => {
    service.facts.lives.set(GPS, life(GPS, 'Protected', position()));
    service.facts.lives.set(RACOON, life(RACOON, 'Opening', position({ stopOrderId: null, quantity: '7', entryPrice: '1.4' })));
    const { code, out } = await vigil('positions');
    service.facts.lives.set(GPS, flat(GPS));
    service.facts.lives.set(RACOON, flat(RACOON));
    expect(code).to.equal(0);
    const [, gps = '', racoon = ''] = out.split('\n');
    expect(columns(gps, 'LONG', 'Protected')).to.deep.equal(columns(racoon, 'LONG', 'Opening'));
    expect(gps).to.contain('9.5');
    expect(racoon).to.contain('▲ none');
    service.facts.lives.set(GPS, life(GPS, 'Protected', position({ stopSeenAt: Date.now() - 12_400 })));
    service.facts.lives.set(RACOON, life(RACOON, 'Opening', position({ stopOrderId: null, guard: '1.31', quantity: '7', entryPrice: '1.4' })));
    const [, seen = '', guarded = ''] = (await vigil('positions')).out.split('\n');
    service.facts.lives.set(RACOON, flat(RACOON));
    expect(seen).to.match(/1[2-9] s ago/);
    expect(guarded).to.contain('▲ here 1.31');
    service.facts.lives.set(GPS, life(GPS, 'Ambiguous'));
    const unknown = (await vigil('positions')).out;
    service.facts.lives.set(GPS, flat(GPS));
    expect(unknown).to.contain('Ambiguous').and.not.to.contain('none');
    expect((await vigil('positions')).out).to.equal('No open position.\n');
  });

  it('funnel, universe, account, deadletters and inspect are readable', async () => {
    service.system.tell(service.system.ref<DecisionLogMessage>('operator/decision-log'), { type: 'decided', decision: { stage: 'permit', symbol: RACOON, outcome: 'EQUITY_STALE', at: Date.now(), by: 'governor' } });
    expect((await vigil('funnel', '--window', '60000')).out).to.match(/^The last 60 s$/m).and.to.match(/^permit +1 +0 .*EQUITY_STALE 1$/m);
    expect((await vigil('universe')).out).to.contain('OLDUSDT  NOT_LISTED  unknown to the venue');
    expect((await vigil('account')).out).to.equal('equity: 10000.5\napiKey: [redacted]\nobservedAt: 1\n');
    service.system.tell(service.system.ref('nobody'), { type: 'lost' });
    expect((await vigil('deadletters')).out).to.match(/lost +outside +nobody +unknown-ref/);
    expect((await vigil('deadletters', 'clear', '--reason', 'read')).out).to.match(/^\d+ forgotten; the counts stay\n$/);
    expect((await vigil('deadletters')).out).to.match(/^\d+: .*unknown-ref/);
    const inspected = (await vigil('inspect', `executor/${RACOON}`)).out;
    expect(inspected).to.contain(`path: executor/${RACOON}`).and.to.contain('phase: Flat');
    expect((await vigil('inspect', 'executors')).out).to.contain(`├─ executor/${GPS}`);
  });

  it('kill, restart, suspend and resume act, with "operator" as the reason unless another is given', async () => {
    service.audit.length = 0;
    const { incarnation } = service.system.inspect('market')!;
    const { code, out } = await vigil('kill', 'market', '--reason', 'to see');
    expect([code, out]).to.deep.equal([0, `kill of market, incarnation ${incarnation}: taken\n`]);
    await service.started('market', incarnation + 1);
    for (const action of ['suspend', 'resume', 'restart']) expect((await vigil(action, `executor/${RACOON}`)).code).to.equal(0);
    await service.started(`executor/${RACOON}`, 2);
    expect(service.audit.map(({ action, reason }) => `${action} ${reason}`)).to.deep.equal(['kill to see', 'suspend operator', 'resume operator', 'restart operator']);
  });

  it('halt, reduce and activate say the new state, of all or of one symbol', async () => {
    expect((await vigil('halt', '--reason', 'news')).out).to.equal('trading is HALTED: news\n');
    expect(JSON.parse((await vigil('activate', '--reason', 'over', '--json')).out)).to.include({ overall: 'ACTIVE', cause: 'over' });
    expect((await vigil('reduce', RACOON, '--reason', 'thin')).out).to.equal(`trading is ACTIVE: thin\n${RACOON} REDUCING\n`);
    await vigil('activate', RACOON, '--reason', 'over');
  });

  it('a refusal ends with 4, its code on stderr, and as JSON on stdout where that was asked for', async () => {
    for (const args of [['inspect', 'nobody'], ['kill', 'vigil'], ['suspend', 'executors'], ['kill', 'nobody']]) {
      const { code, out, err } = await vigil(...args);
      expect([code, out], args.join(' ')).to.deep.equal([4, '']);
      expect(err).to.match(/^(ACTOR_NOT_FOUND|ACTION_REFUSED): /);
    }
    expect(JSON.parse((await vigil('inspect', 'nobody', '--json')).out).error.code).to.equal('ACTOR_NOT_FOUND');
  });

  it('what is not known is a finding, what is no request could not run', async () => {
    service.system.control('account', 'suspend', 'test');
    const unknown = await vigil('account');
    service.system.control('account', 'resume', 'test');
    expect(unknown.code).to.equal(1);
    expect(unknown.err).to.contain('STATE_UNKNOWN: account is suspended');
    const wrong = await vigil('halt', 'GPSUSD', '--reason', 'x');
    expect(wrong.code).to.equal(2);
    expect(wrong.err).to.contain('REQUEST_INVALID: symbol');
  });

  it('a usage fault ends with 2, help with 0', async () => {
    for (const args of [['inspect'], ['halt'], ['explode'], ['health', '--wrong'], ['top', '--limit', 'many'], ['top', '--sort', 'cpu'], ['follow', 'a', '--ms', '0'], ['deadletters', 'keep'], ['funnel', '--window', '-1'], ['tree', 'too', 'much']]) {
      const { code, err } = await run(args);
      expect(code, args.join(' ')).to.equal(2);
      expect(err).to.match(/^error: /);
    }
    const help = await run(['health', '--help']);
    expect(help.code).to.equal(0);
    expect(help.out).to.contain('--json');
  });

  it('without a service they end with 3 and say what was tried and what to do', async () => {
    const empty = tempDir();
    const missing = await run(['health', '--data-dir', empty]);
    expect(missing.code).to.equal(3);
    expect(missing.err).to.contain('SERVICE_UNREACHABLE').and.to.contain(join(empty, 'vigil.sock')).and.to.contain('vigil start');
    writeFileSync(join(empty, 'no.sock'), '');
    expect((await run(['stop', '--socket', join(empty, 'no.sock')])).code).to.equal(3);
    rmSync(empty, { recursive: true });
  });

  it('a service that takes the request and says nothing is unreachable when the time is up', async () => {
    const dir = tempDir();
    const silent = createServer(() => undefined).listen(join(dir, 'silent.sock'));
    const failure = await adminClient(join(dir, 'silent.sock'), 50).request('GET', '/v1/health').catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(VigilError);
    expect(failure).to.deep.include({ code: 'SERVICE_UNREACHABLE' });
    expect((failure as VigilError).message).to.contain('no answer within 50 ms');
    silent.closeAllConnections();
    silent.close();
    rmSync(dir, { recursive: true });
  });

  it('what answers and is no Vigil is said to be so', async () => {
    const dir = tempDir();
    const other = createServer((_request, answer) => answer.end('<html>')).listen(join(dir, 'other.sock'));
    const { code, err } = await run(['health', '--socket', join(dir, 'other.sock')]);
    expect(code).to.equal(3);
    expect(err).to.contain('is not a Vigil service');
    other.closeAllConnections();
    other.close();
    rmSync(dir, { recursive: true });
  });

  it('find the socket by --socket, --data-dir, VIGIL_DATA_DIR in any case, or var in the project', () => {
    expect(socketFor({ socket: '/a/b.sock', dataDir: '/c' }, { VIGIL_DATA_DIR: '/d' })).to.equal('/a/b.sock');
    expect(socketFor({ dataDir: '/c' }, { VIGIL_DATA_DIR: '/d' })).to.equal('/c/vigil.sock');
    expect(socketFor({}, { vigil_data_dir: '/d' })).to.equal('/d/vigil.sock');
    expect(socketFor({}, {})).to.equal(fileURLToPath(new URL('../../var/vigil.sock', import.meta.url)));
  });

  it('--watch draws again until Ctrl-C, also while the service is away', async () => {
    const drawn = await run(['funnel', '--watch', '--data-dir', service.dataDir], { interactive: true, interrupt: (out) => out.split('The last').length > 2 });
    expect(drawn.code).to.equal(0);
    expect(drawn.out.split('\u001B[H')).to.have.length(3);
    const lines = await run(['positions', '--watch', '--json', '--data-dir', service.dataDir], { interrupt: (out) => out.length > 0 });
    expect(lines.out).to.equal('[]\n');
    const away = await run(['health', '--watch', '--data-dir', '/nowhere'], { interactive: true, interrupt: (out) => out.length > 0 });
    expect([away.code, away.err]).to.deep.equal([0, '']);
    expect(away.out).to.contain('SERVICE_UNREACHABLE');
  });

  it('stop says what stays open, and returns once the service has gone', async () => {
    const doomed = await startService({ listen: 'off' });
    doomed.facts.lives.set(GPS, life(GPS, 'Protected', position()));
    const early = await run(['stop', '--no-wait', '--data-dir', doomed.dataDir, '--reason', 'night']);
    expect(early.code).to.equal(0);
    expect(early.out).to.contain('Stopping. What stays open').and.to.contain('0.0098');
    expect(doomed.stops).to.deep.equal(['night']);
    // Of an executor that cannot be read, as while the service starts, nothing is called flat.
    doomed.facts.lives.delete(RACOON);
    const unread = await run(['stop', '--no-wait', '--data-dir', doomed.dataDir]);
    expect(unread.out).to.contain('0.0098').and.to.contain(`Not known: ${RACOON}`);
    doomed.facts.lives.delete(GPS);
    const nothing = await run(['stop', '--no-wait', '--data-dir', doomed.dataDir]);
    expect(nothing.out).to.contain(`Not known: ${GPS}, ${RACOON}`).and.not.to.contain('Nothing stays open');
    const told = new Promise<void>((resolve) => {
      doomed.stops.push = () => {
        resolve();
        return 0;
      };
    });
    let returned = false;
    const ran = run(['stop', '--data-dir', doomed.dataDir]).finally(() => (returned = true));
    await told;
    // It has its answer, and the service goes on for a while.
    expect((await run(['tree', '--data-dir', doomed.dataDir])).code).to.equal(0);
    expect(returned).to.equal(false);
    await doomed.system.stop('night');
    expect((await ran).code).to.equal(0);
    expect((await run(['health', '--data-dir', doomed.dataDir])).code).to.equal(3);
    rmSync(doomed.dataDir, { recursive: true });
  });
});

describe('a command as a process', () => {
  const entry = fileURLToPath(new URL('./kit/vigil-entry.ts', import.meta.url));
  const process_ = (...args: string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.on('data', (part: Buffer) => (out += part.toString()));
      child.stderr.on('data', (part: Buffer) => (err += part.toString()));
      child.once('close', (code) => resolve({ code, out, err }));
    });

  it('writes to stdout, ends by itself, and has the exit codes of its kind', async () => {
    const service = await startService({ listen: 'off' });
    const [tree, gone, wrong, refused] = await Promise.all([process_('tree', '--data-dir', service.dataDir), process_('tree', '--data-dir', '/nowhere'), process_('inspect'), process_('kill', 'vigil', '--data-dir', service.dataDir)]);
    await service.close();
    expect([tree.code, gone.code, wrong.code, refused.code]).to.deep.equal([0, 3, 2, 4]);
    expect(tree.out).to.contain(`executor/${RACOON}`);
    expect(gone.err).to.contain('SERVICE_UNREACHABLE');
  });
});
