/** What ate the signal: for every refusal there is, explain answers with code, sentence, remedy, limit, value and age; an unknown name or id says what is on record. */
import { expect } from 'chai';
import type { ExplainBody, TraceBody } from '../../src/operator/endpoints/why.ts';
import { explainScreen, traceScreen } from '../../src/operator/commands/why-screens.ts';
import { funnelScreen } from '../../src/operator/commands/screens.ts';
import { widthOf } from '../../src/operator/commands/width.ts';
import { wrapped } from '../../src/operator/commands/wrap.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import { STAGES } from '../../src/protocol/decisions.ts';
import { EXIT_CODES } from '../../src/protocol/exit-codes.ts';
import { DENIALS } from '../../src/protocol/denials.ts';
import type { DenialCode } from '../../src/protocol/denials.ts';
import type { DecisionLogMessage } from '../../src/protocol/messages.ts';
import type { IntentId, SymbolName } from '../../src/protocol/names.ts';
import { CHINESE } from '../kit/decisions.ts';
import { run } from './kit/command.ts';
import { GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

const CODES = Object.keys(DENIALS) as DenialCode[];
const widest = (text: string) => Math.max(...text.split('\n').map(widthOf));

describe('why', () => {
  let service: TestService;
  const vigil = (...args: string[]) => run([...args, '--data-dir', service.dataDir]);
  const decide = (part: Partial<Decision> = {}) => service.system.tell(service.system.ref<DecisionLogMessage>('operator/decision-log'), { type: 'decided', decision: { stage: 'permit', symbol: RACOON, outcome: 'EQUITY_STALE', at: Date.now(), by: 'governor', ...part } });
  const explain = async (symbol: string, query = ''): Promise<ExplainBody> => (await onSocket(service).get(`/v1/explain/${encodeURIComponent(symbol)}${query}`)).json as ExplainBody;

  before(async () => {
    service = await startService({ listen: 'off' });
  });
  after(() => service.close());

  for (const code of CODES) {
    it(`${code} can be explained, with its numbers and what to do`, async () => {
      const symbol = `${code}USDT` as SymbolName;
      decide({ symbol, outcome: code, denials: [{ code, limit: '300000', value: '7', ageMs: 2_185_000, detail: 'so it was' }, { code: 'SPREAD_WIDE', limit: '50', value: '80' }], inputs: { source: 'trend-24h', side: 'LONG' } });
      const body = await explain(symbol);
      const [decision] = body.decisions;
      expect(decision).to.deep.include({ stage: 'permit', by: 'governor', outcome: code, code, sentence: DENIALS[code].sentence, remedy: DENIALS[code].remedy, limit: '300000', value: '7', ageMs: 2_185_000, detail: 'so it was', count: 1, inputs: { source: 'trend-24h', side: 'LONG' } });
      expect(decision?.denials.map((one) => [one.code, one.limit])).to.deep.equal([[code, '300000'], ['SPREAD_WIDE', '50']]);
      expect(body.gates.map((gate) => [gate.stage, gate.lastPassed, gate.lastRefusal?.code])).to.deep.equal([['permit', null, code]]);
      const screen = explainScreen(body);
      expect(screen.replaceAll(/\s+/g, ' ')).to.include(code).and.to.include('value 7, limit 300000, age 2185000 ms').and.to.include(DENIALS[code].sentence).and.to.include(DENIALS[code].remedy);
      expect(widest(screen)).to.be.at.most(80);
    });
  }

  it('a refusal that came without its numbers still has its words', async () => {
    decide({ symbol: 'BARE' as SymbolName, outcome: 'RATE_BURST' });
    expect((await explain('BARE')).decisions[0]).to.include({ code: 'RATE_BURST', sentence: DENIALS.RATE_BURST.sentence, limit: null, value: null, ageMs: null });
  });

  it('an exit says why, with limit and value, though it is no refusal', async () => {
    const symbol = 'LEFTUSDT' as SymbolName;
    for (const [code, action] of [['KILL_SCORE', 'CLOSE'], ['TIER_1.5', 'REDUCE']] as const) decide({ symbol, stage: 'exit', by: 'exits', outcome: 'passed', action, inputs: { code, limit: '0.6', value: '0.61' } });
    const { decisions, gates } = await explain(symbol);
    expect(decisions.map((one) => [one.action, one.code, one.sentence, one.limit, one.value])).to.have.deep.members([['CLOSE', null, EXIT_CODES.KILL_SCORE.sentence, '0.6', '0.61'], ['REDUCE', null, EXIT_CODES.TIER.sentence, '0.6', '0.61']]);
    expect(gates[0]?.lastRefusal).to.equal(null);
    expect((await vigil('explain', symbol)).out).to.match(/exit +● passed .*: (CLOSE KILL_SCORE|REDUCE TIER_1\.5), value 0\.61, limit 0\.6/);
  });

  it('says how long ago it was last decided so, and since when', async () => {
    const symbol = 'AGEDUSDT' as SymbolName;
    const at = Date.now();
    decide({ symbol, at: at - 600_000 });
    decide({ symbol, at: at - 60_000 });
    const [decision] = (await explain(symbol)).decisions;
    expect(decision?.agoMs).to.be.within(60_000, 90_000);
    expect(decision).to.include({ at: new Date(at - 600_000).toISOString(), lastAt: new Date(at - 60_000).toISOString(), count: 2 });
  });

  it('shows the newest first, as many as asked for, and each gate whatever is shown', async () => {
    const symbol = 'MANYUSDT' as SymbolName;
    for (const [index, stage] of STAGES.entries()) decide({ symbol, stage, outcome: index === 2 ? 'QUANTITY_TOO_SMALL' : 'passed', at: Date.now() - 10_000 + index });
    const body = await explain(symbol, '?limit=2');
    expect(body.decisions.map((one) => one.stage)).to.deep.equal(['position', 'fill']);
    expect(body.gates.map((gate) => gate.stage)).to.deep.equal([...STAGES]);
    expect(body.gates[2]?.lastRefusal?.code).to.equal('QUANTITY_TOO_SMALL');
    expect((await onSocket(service).get(`/v1/explain/${symbol}?limit=0`)).json.error).to.include({ code: 'REQUEST_INVALID' });
  });

  it('says of each symbol whether it is in the universe, and if not why, also by a name in Chinese', async () => {
    expect((await explain(RACOON)).universe).to.deep.include({ traded: true, version: 3, reason: null });
    const old = await explain('OLDUSDT');
    expect([old.universe, old.decisions]).to.deep.equal([{ traded: false, version: 3, reason: 'NOT_LISTED', detail: 'unknown to the venue' }, []]);
    expect(explainScreen(old)).to.equal('OLDUSDT: not in the universe (version 3) because NOT_LISTED: unknown to the\nvenue\nNothing has been decided about it.\n');
    decide({ symbol: CHINESE, stage: 'signal', outcome: 'SIGNAL_HOLD', by: 'generator/trend-24h' });
    expect((await onSocket(service).get(`/v1/explain/${encodeURIComponent(CHINESE)}`)).json).to.include({ symbol: CHINESE });
    expect((await vigil('explain', CHINESE)).out).to.match(/^币安人生USDT: /).and.to.include('SIGNAL_HOLD');
  });

  it('answers 404 for a symbol nobody ever looked at, and says what is on record', async () => {
    decide();
    const { status, json } = await onSocket(service).get('/v1/explain/NEVERUSDT');
    expect([status, json.error.code]).to.deep.equal([404, 'SYMBOL_UNKNOWN']);
    const { symbols } = json.error.details as { symbols: readonly string[] };
    expect(json.error.message).to.include('"NEVERUSDT"').and.to.include(symbols[0]);
    expect(symbols.length).to.be.within(1, 50);
    expect((await onSocket(service).get('/v1/explain/%E0%A4%A')).json.error).to.include({ code: 'REQUEST_INVALID' });
  });

  it('takes a symbol for unknown only when the universe is known', async () => {
    service.system.control('universe', 'suspend', 'test');
    const { status, json } = await onSocket(service).get('/v1/explain/NEVERUSDT');
    service.system.control('universe', 'resume', 'test');
    expect([status, json.decisions]).to.deep.equal([200, []]);
    expect(json.universe).to.include({ traded: null, reason: 'UNIVERSE_UNKNOWN' });
  });

  it('a trace answers with times in ISO and the hops; an unknown id is a 404 that says what is on record', async () => {
    decide({ stage: 'intent', outcome: 'passed', ids: { intentId: 'intent-77' as IntentId }, queueMs: 0.25, serviceMs: 0.5 });
    const { status, json } = await onSocket(service).get('/v1/trace/intent-77');
    expect(status).to.equal(200);
    expect((json as TraceBody).steps[0]).to.deep.include({ step: 'intent', outcome: 'passed', queueMs: 0.25, serviceMs: 0.5 });
    expect((json as TraceBody).steps[0]?.at).to.match(/^\d{4}-.*Z$/);
    const unknown = await onSocket(service).get('/v1/trace/nobody%2F1');
    expect([unknown.status, unknown.json.error.code]).to.deep.equal([404, 'ID_UNKNOWN']);
    expect(unknown.json.error.message).to.match(/"nobody\/1".*decisions kept since \d{4}-/);
  });

  it('commands end with 0, and with 1 where nothing was ever decided or has the id', async () => {
    decide({ stage: 'intent', outcome: 'passed', ids: { intentId: 'intent-78' as IntentId } });
    const codes = async (...args: string[]) => (await vigil(...args)).code;
    expect(await codes('explain', RACOON)).to.equal(0);
    expect(await codes('explain', 'OLDUSDT')).to.equal(1);
    expect(await codes('explain', 'NEVERUSDT')).to.equal(1);
    expect(await codes('explain', RACOON, '--limit', '900')).to.equal(2);
    expect(await codes('trace', 'intent-78')).to.equal(0);
    const unknown = await vigil('trace', 'nobody');
    expect([unknown.code, unknown.err.split(':')[0]]).to.deep.equal([1, 'ID_UNKNOWN']);
    for (const [command, path] of [['explain', 'explain'], ['trace', 'trace']] as const) {
      const of = command === 'trace' ? 'intent-78' : 'OLDUSDT';
      expect((await vigil(command, of, '--json')).out).to.equal(`${(await onSocket(service).get(`/v1/${path}/${of}`)).text}\n`);
    }
  });

  it('explain is drawn again each second with --watch', async () => {
    let drawn = 0;
    const { code } = await run(['explain', RACOON, '--watch', '--data-dir', service.dataDir], { interrupt: (out) => (drawn = out.split(`${RACOON}: `).length - 1) >= 2 });
    expect([code, drawn]).to.deep.equal([0, 2]);
  });
});

describe('the screens of why', () => {
  const decided = (part: Record<string, unknown>) => ({ stage: 'signal', by: 'generator/trend-24h', outcome: 'passed', action: null, code: null, sentence: null, remedy: null, limit: null, value: null, ageMs: null, detail: null, denials: [], inputs: {}, ids: {}, at: '2026-02-02T22:32:00.000Z', lastAt: '2026-02-02T22:32:00.000Z', agoMs: 12_000, count: 1, queueMs: null, serviceMs: null, ...part }) as unknown as ExplainBody['decisions'][number];
  const denial = { code: 'EQUITY_STALE', sentence: DENIALS.EQUITY_STALE.sentence, remedy: DENIALS.EQUITY_STALE.remedy, limit: '300000', value: null, ageMs: 2_185_000, detail: null, unknown: false };
  const traded = { traded: true, version: 3, reason: null, detail: null };

  it('say what is wanted, and what stopped it with its number and remedy', () => {
    const signal = decided({ inputs: { side: 'LONG', confidence: 0.6274 } });
    const permit = decided({ stage: 'permit', by: 'governor', outcome: 'EQUITY_STALE', code: 'EQUITY_STALE', denials: [denial], count: 34, agoMs: 11_000 });
    expect(explainScreen({ symbol: GPS, universe: traded, gates: [{ stage: 'signal', lastPassed: signal, lastRefusal: null }, { stage: 'permit', lastPassed: null, lastRefusal: permit }], decisions: [permit, signal] })).to.equal(`GPSUSDT: in universe 3
Wanted: LONG, confidence 0.6274 (generator/trend-24h, 12 s ago).

signal    ● passed 12 s ago
permit    ✖ EQUITY_STALE 11 s ago, 34 times
            limit 300000, age 2185000 ms
            The equity was observed too long ago.
            → Look at the account actor.

LATELY
22:32:00.000  permit    EQUITY_STALE ×34 by governor
22:32:00.000  signal    passed by generator/trend-24h
`);
  });

  it('put the newer word of a gate first', () => {
    const passed = decided({ stage: 'permit', agoMs: 5_000 });
    const refused = decided({ stage: 'permit', outcome: 'EQUITY_STALE', code: 'EQUITY_STALE', denials: [denial], agoMs: 60_000 });
    const lines = (older: typeof passed, newer: typeof passed) => explainScreen({ symbol: GPS, universe: traded, gates: [{ stage: 'permit', lastPassed: older, lastRefusal: newer }], decisions: [] }).split('\n').filter((line) => /[●✖]/.test(line));
    expect(lines(passed, refused)).to.deep.equal(['permit    ● passed 5 s ago', '          ✖ EQUITY_STALE 60 s ago']);
    expect(lines({ ...passed, agoMs: 90_000 }, refused)).to.deep.equal(['permit    ✖ EQUITY_STALE 60 s ago', '          ● passed 90 s ago']);
  });

  it('fit 80 columns, also in letters of two columns, and cannot command the terminal', () => {
    const nasty = `币安人生\u001B[2J${'长'.repeat(200)}`;
    const screen = explainScreen({ symbol: nasty, universe: { traded: false, version: 1, reason: 'NOT_IN_POLICY', detail: nasty }, gates: [], decisions: [decided({ by: nasty })] });
    expect(widest(screen)).to.be.at.most(80);
    expect(screen).not.to.include('\u001B');
    const trace = traceScreen({ id: nasty, ids: { intentId: nasty as IntentId, orderIds: [nasty] }, steps: [{ at: '2026-02-02T22:32:00.000Z', step: 'intent', by: nasty, outcome: 'passed', queueMs: 0.5, serviceMs: 2, details: { inputs: { nasty }, denials: [{ code: 'EQUITY_STALE', detail: nasty }] } }], incomplete: nasty });
    expect(widest(trace)).to.be.at.most(80);
    expect(trace).not.to.include('\u001B');
    expect(trace).to.include('queue 0.5 ms, service 2 ms');
  });

  it('give each refusal of the funnel a line that fits 80 columns', () => {
    const longest = CODES.toSorted((a, b) => b.length - a.length)[0]!;
    const screen = funnelScreen({ windowMs: 3_600_000, stages: STAGES.map((stage) => ({ stage, in: 123_456, out: 123_456, refused: { [longest]: 123_456, EQUITY_STALE: 1 }, lastAt: '2026-02-02T22:32:00.000Z' })) });
    expect(widest(screen)).to.be.at.most(80);
    expect(screen.split('\n').filter((line) => line.includes('EQUITY_STALE 1'))).to.have.length(STAGES.length);
  });

  it('break at blanks, and within a word only where it is longer than a line', () => {
    expect(wrapped('→ ', 'one two three', 9)).to.equal('→ one two\n  three');
    expect(wrapped('', 'abcdefghij', 4)).to.equal('abcd\nefgh\nij');
    expect(wrapped('x ', '')).to.equal('x');
  });
});
