/** The fault matrix has every fault that the paper exchange's control offers, at every point where Vigil waits for the venue; or it is said why it cannot matter there. */
import { expect } from 'chai';
import { MATRIX } from '../kit/fault-cells/all.ts';
import { everyPair, pairsOf, WRITE_POINTS } from '../kit/fault-coverage.ts';
import { caseInWords } from '../kit/fault-matrix.ts';

/** What is left out, and why. */
const REASONS: readonly (readonly [pairs: RegExp, why: string])[] = [
  [/^cancel of order × /, 'entries are IOC and closes MARKET: no order of ours rests, and none is cancelled'],
  [/^(leverage|marginMode) × rate-limit 4/, 'who wants rest wants it of the address: no opening goes in it (entry × rate-limit), and a setting is only for an opening'],
  [/^(leverage|marginMode) × (clock|status )/, 'set while nothing is held and asked for again until it is so; the opening that waits for it is tried itself (entry × clock, × status)'],
  [/^read (?!positions )\w+ × rate-limit 4|^listenKey × rate-limit 4/, 'who wants rest wants it of the address, whatever was asked: tried at every write and at one reading (read positions)'],
  [/^read (serverTime|instruments|candles|account|accountModes|keyPermissions|settings|brackets) × drop-response$|^listenKey × drop-response$/, 'a question changes nothing: to us it is drop-request'],
  [/^read (tickers|fundingIntervals|income) × /, 'no order, position or stop waits for it: without it a guard denies (test/actors/market.test.ts, account.test.ts)'],
  [/^read (orders|algoOrders) × /, 'only the auditor asks it, which skips the symbol and says so (test/actors/auditor.test.ts)'],
  [/ × status TRADING$/, 'it is how each of the others ends'],
  [/^(target|part|cancel of algo) × status (PRE_SETTLE|CLOSE)$/, 'PRE_SETTLE takes what reduces, as stop and close show; CLOSE is to an order what SETTLING is'],
  [/^target × status PENDING_TRADING$|^entry × status (PRE_SETTLE|TRADING)$/, 'as for the stop and for the flat symbol'],
  [/^all stream × (silence|duplicate|reorder|expire-listen-key)$/, 'both routes at once: what it is to each is tried on each'],
  [/^market stream × (duplicate|reorder|expire-listen-key)$/, 'prices are states, and an older one never replaces a newer (test/actors/market.test.ts); market streams have no listen key'],
  [/^held × accounts$/, 'another account is not ours'],
];

describe('the fault matrix against what the paper exchange can do', () => {
  it('has every fault at every point where Vigil waits for the venue, or a reason why not', async () => {
    const covered = await pairsOf(MATRIX);
    const missing = (await everyPair()).filter((pair) => !covered.has(pair) && !REASONS.some(([pairs]) => pairs.test(pair)));
    expect(missing).to.deep.equal([]);
  });

  it('gives no reason for what it has, or for what there is not', async () => {
    const covered = await pairsOf(MATRIX);
    const left = (await everyPair()).filter((pair) => !covered.has(pair));
    for (const [pairs] of REASONS) expect(left.some((pair) => pairs.test(pair)), String(pairs)).to.equal(true);
  });

  it('would miss what is not there', async () => {
    const without = await pairsOf(MATRIX.filter(({ armed }) => armed.every(({ action }) => action !== 'reset')));
    expect((await everyPair()).filter((pair) => !without.has(pair)), 'a matrix without resets').to.include.members(['entry × reset', 'stop × reset', 'close × reset', 'read order × reset']);
    expect(WRITE_POINTS).to.include.members(['entry', 'stop', 'target', 'close', 'part', 'cancel of algo']);
  });

  it('names each case once, by the number of a failure', () => {
    const names = MATRIX.map(caseInWords);
    expect(new Set(names).size).to.equal(names.length);
    for (const { failure } of MATRIX) expect(failure).to.match(/^\d+b?(, \d+b?)*$/);
  });
});
