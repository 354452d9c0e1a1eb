/** What must hold between settings: each of them is fine alone, and together they could not work. */
import { decimal, text } from '../protocol/decimal.ts';
import type { Config } from './schema.ts';

export interface CrossCheck {
  /** The settings it is about; the first is the one to blame. */
  readonly keys: readonly [string, ...string[]];
  /** What is expected of the first, when it does not hold. */
  readonly broken: (config: Config) => string | undefined;
}

export const CROSS_CHECKS: readonly CrossCheck[] = [
  {
    keys: ['venue.armed', 'venue.mode'],
    broken: ({ venue }) => (venue.mode === 'mainnet' && venue.armed !== 'mainnet' ? '"mainnet", since venue.mode is mainnet: it trades real money' : undefined),
  },
  {
    keys: ['venue.paper.url', 'venue.mode'],
    broken: ({ venue }) => (venue.paper.url !== undefined && venue.mode !== 'paper' ? `null, since venue.mode is ${venue.mode}` : undefined),
  },
  {
    keys: ['paper.replay', 'venue.mode'],
    broken: ({ paper, venue }) => (paper.replay !== null && venue.mode !== 'paper' ? `null, since venue.mode is ${venue.mode}: only the paper exchange replays` : undefined),
  },
  {
    // The limit is measured at the permit's worst price (ruling 15): a long entry may cost notional plus slippage.
    keys: ['trading.notional', 'trading.entrySlippageBps', 'risk.notionalPerTrade'],
    broken({ trading, risk }) {
      const worst = decimal(trading.notional).multipliedBy(10_000 + trading.entrySlippageBps).dividedBy(10_000);
      if (worst.isLessThanOrEqualTo(risk.notionalPerTrade)) return undefined;
      return `at most risk.notionalPerTrade (${risk.notionalPerTrade}) with ${trading.entrySlippageBps} bps of slippage on it, which makes ${text(worst)}: every opening would be refused`;
    },
  },
  {
    keys: ['risk.notionalPerTrade', 'risk.notionalTotal'],
    broken: ({ risk }) => (decimal(risk.notionalPerTrade).isGreaterThan(risk.notionalTotal) ? `at most risk.notionalTotal (${risk.notionalTotal})` : undefined),
  },
  {
    keys: ['trading.stopLossPercent', 'trading.leverage'],
    broken({ trading }) {
      if (decimal(trading.stopLossPercent).multipliedBy(trading.leverage).isLessThan(100)) return undefined;
      return `less than 100 / trading.leverage (${trading.leverage}): the position would be liquidated before its stop`;
    },
  },
  {
    // A short's target lies below its entry, and no price is below zero.
    keys: ['trading.takeProfitPercent'],
    broken: ({ trading }) => (decimal(trading.takeProfitPercent).isGreaterThanOrEqualTo(100) ? 'less than 100' : undefined),
  },
  {
    keys: ['execution.nakedCloseMs', 'execution.nakedAlarmMs'],
    broken: ({ execution }) => (execution.nakedCloseMs < execution.nakedAlarmMs ? `at least execution.nakedAlarmMs (${execution.nakedAlarmMs})` : undefined),
  },
  {
    keys: ['journal.redis.url', 'journal.redis.password', 'journal.redis.passwordFile'],
    broken({ journal: { redis } }) {
      const inUrl = URL.parse(redis.url)?.password !== '';
      return inUrl && (redis.password !== undefined || redis.passwordFile !== undefined) ? 'no password in it, since another one is given: which of the two holds cannot be told' : undefined;
    },
  },
  {
    // 40 a poll, of 1,200 a minute that such readings may use (rules/request-budget.ts).
    keys: ['market.tickerMs', 'venue.mode'],
    broken: ({ market, venue }) => (venue.mode !== 'paper' && market.tickerMs < 3_000 ? 'at least 3000 where the venue counts: every poll costs 40 of the 2,400 request weight that a minute has for all programs behind this address' : undefined),
  },
  {
    keys: ['account.pollMs', 'risk.equityMaxAgeMs'],
    broken: ({ account, risk }) => (account.pollMs >= risk.equityMaxAgeMs ? `less than risk.equityMaxAgeMs (${risk.equityMaxAgeMs}): the equity would be stale between two polls` : undefined),
  },
];
