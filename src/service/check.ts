/** The doctor, `vigil check`: what would keep the service from trading, found without trading. Reads only; starts nothing that stays. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { configHash, credentialsOf, loadPolicy } from '../config.ts';
import type { Config } from '../config.ts';
import { DEFAULT_SEED, startPaperExchange } from '../paper/exchange.ts';
import type { PaperExchange } from '../paper/exchange.ts';
import { venueRestFile } from '../persistence/venue-rest-file.ts';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { accountModeFault } from '../rules/account-modes.ts';
import { judgeKey } from '../rules/key-permissions.ts';
import { decideUniverse } from '../rules/universe.ts';
import { nameOf } from '../actors/strategies/evaluations.ts';
import { isoTime, systemClock } from '../supervision/clock.ts';
import { createBinanceVenue } from '../venue/binance-venue.ts';
import { resolveEndpoint } from '../venue/endpoint.ts';
import type { VenueGateway } from '../venue/port.ts';

import { examineJournal } from './journal/check.ts';
import { loadStrategies } from './strategies.ts';

export interface Finding {
  readonly name: string;
  /** `finding`: something is wrong, and the message says what to do about it. */
  readonly status: 'ok' | 'finding';
  readonly message: string;
}

/** Makes one check; what it throws is its finding. */
type Examine = (name: string, run: () => Promise<string> | string) => Promise<void>;

/** Every check, in the order in which they build on one another; one that fails does not keep the next from being made. */
export async function runCheck(config: Config): Promise<readonly Finding[]> {
  const findings: Finding[] = [{ name: 'configuration', status: 'ok', message: `valid, hash ${configHash(config)}; ${config.venue.mode} venue` }];
  const examine: Examine = async (name, run) => {
    try {
      findings.push({ name, status: 'ok', message: await run() });
    } catch (error) {
      findings.push({ name, status: 'finding', message: error instanceof VigilError ? error.explain() : messageOf(error) });
    }
  };
  await examine('strategies', async () => {
    const { live, shadows } = await loadStrategies(config);
    const names = (sources: typeof live) => sources.map((source) => nameOf(source).name).join(', ') || 'none';
    return `trading: ${names(live)}; watching: ${names(shadows)}`;
  });
  await examine('data directory', () => dataDirectory(config.dataDir));
  await examineJournal(config, examine);
  const paper = config.venue.mode === 'paper' && config.venue.paper.url === undefined ? await paperForOnce(config) : undefined;
  try {
    let gateway: VenueGateway | undefined;
    const clock = { offsetMs: 0 };
    const bannedMs = paper === undefined ? await examineRest(config, examine) : 0;
    await examine('venue', () => {
      const endpoint = resolveEndpoint({ mode: config.venue.mode, armed: config.venue.armed, paperUrl: paper?.url ?? config.venue.paper.url });
      gateway = createBinanceVenue({ endpoint, armed: config.venue.armed, credentials: credentialsOf(config), clock: systemClock, offsetMs: () => clock.offsetMs, bannedMs, log: () => undefined }).gateway;
      return `${endpoint.restUrl}, streams ${endpoint.streamUrl}${paper === undefined ? '' : ' (a paper exchange for this check alone)'}`;
    });
    if (gateway !== undefined) await examineVenue(gateway, config, clock, examine);
  } finally {
    await paper?.close();
  }
  return findings;
}

/** In memory, on a port of its own: the market the service would meet, without touching the one it has. */
function paperForOnce({ paper }: Config): Promise<PaperExchange> {
  const { seed, balance, replay, speed, replayHistory, replayAlign } = paper;
  return startPaperExchange({ host: '127.0.0.1', port: 0, seed: seed ?? DEFAULT_SEED, balance, log: () => undefined, ...(replay === null ? {} : { replay: { dir: replay, speed, history: replayHistory, align: replayAlign } }) });
}

/** @returns how much is left of a ban that the service was given, ms: to ask during it lengthens it, whoever asks. */
async function examineRest({ dataDir, venue }: Config, examine: Examine): Promise<number> {
  let bannedMs = 0;
  await examine('rest', () => {
    const unreadable = (reason: string): never => {
      throw new Error(reason);
    };
    const kept = venueRestFile({ path: join(dataDir, 'venue-rest'), venue: venue.mode, now: () => systemClock.now(), onFailure: unreadable }).read();
    const leftMs = Math.max(0, (kept?.until ?? 0) - systemClock.now());
    if (kept?.banned !== true || leftMs === 0) return 'the venue has not banned this address';
    bannedMs = leftMs;
    throw new Error(`the venue has banned this address until ${isoTime(kept.until)}, and is asked nothing until then: ${kept.message}`);
  });
  return bannedMs;
}

/** `clock.offsetMs`: by what is measured of it here the other questions are signed, so that a wrong clock is one finding. */
async function examineVenue(gateway: VenueGateway, config: Config, clock: { offsetMs: number }, examine: Examine): Promise<void> {
  await examine('clock', async () => {
    const { serverTime, sentAt, receivedAt } = await gateway.read('serverTime', {});
    const skew = Math.round(serverTime - (sentAt + receivedAt) / 2);
    clock.offsetMs = skew;
    if (Math.abs(skew) > config.risk.clockSkewMaxMs) throw new Error(`the venue's clock differs by ${skew} ms, and ${config.risk.clockSkewMaxMs} are allowed: synchronise this machine's clock`);
    return `the venue's clock differs by ${skew} ms`;
  });
  await examine('universe', async () => {
    const instruments = await gateway.read('instruments', {});
    const policy = config.universe.policy === null ? undefined : loadPolicy(config.universe.policy);
    const tickers = policy === undefined && config.universe.symbols === null ? await gateway.read('tickers', {}) : [];
    const decision = decideUniverse({ policy, chosen: config.universe.symbols ?? undefined, top: config.universe.top, minQuoteVolume: config.universe.minQuoteVolume }, instruments, tickers);
    if (!decision.ok) throw new VigilError(decision.code, decision.message);
    const left = decision.excluded.map((one) => `${one.symbol} left out: ${one.detail}`);
    return [`${decision.instruments.size} symbols: ${[...decision.instruments.keys()].join(', ')}`, ...left].join('; ');
  });
  await examine('keys and account modes', async () => {
    const modes = await gateway.read('accountModes', {});
    const { refused, warnings } = judgeKey(config.venue.mode, await gateway.read('keyPermissions', {}), modes);
    if (refused !== undefined) throw new VigilError(refused.code, refused.message);
    const fault = accountModeFault(modes);
    if (fault !== undefined) throw new VigilError('ACCOUNT_MODE_UNSUPPORTED', fault);
    return ['the key is accepted, and may trade; one-way, single-asset, no fee burn', ...warnings].join('; ');
  });
  await examine('account', async () => {
    const { walletBalance, availableBalance } = await gateway.read('account', {});
    return `wallet ${walletBalance.toFixed()} USDT, available ${availableBalance.toFixed()} USDT`;
  });
}

function dataDirectory(dataDir: string): string {
  if (!existsSync(dataDir)) return `${dataDir} will be made at the first start`;
  const mode = statSync(dataDir).mode & 0o777;
  if ((mode & 0o077) !== 0) throw new Error(`${dataDir} has mode 0${mode.toString(8)}: others may look in; chmod 700 ${dataDir}`);
  return `${dataDir}, mode 0700`;
}
