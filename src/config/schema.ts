/** Every setting there is, with its default and its bounds; config/vigil.yaml says why, and a test holds the two equal. */
import { z } from 'zod';
import { MOST_SYMBOLS } from '../protocol/market.ts';
import { isLoopbackAddress, isLoopbackUrl, isRedisUrl } from './addresses.ts';
import { amount, amountOrZero, choice, choiceOrNull, factor, field, flag, isHttpUrl, isTier, name, names, optional, signedAmount, strategyList, strategyOrNull, whole, wholeOrNull } from './fields.ts';

const SECOND = 1_000;
const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** A group of settings: unknown keys are refused, and leaving it out means its defaults. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape).readonly().prefault({} as never);
}

const logLevel = choice('info', ['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
const LOOPBACK_ONLY = 'addresses beyond this machine come with a later release';

const key = () => field(optional(z.string().min(1)), { reads: 'text', nullable: true, secret: true, environmentOnly: true, expected: 'a key, from the environment or venue.credentialsFile' });

const venue = section({
  mode: choice('paper', ['paper', 'testnet', 'mainnet']),
  armed: choice('', ['', 'mainnet']),
  apiKey: key(),
  apiSecret: key(),
  credentialsFile: field(optional(z.string().min(1)), { reads: 'text', nullable: true, pathFrom: 'config', expected: 'the path of a file {apiKey, apiSecret} of mode 0600, or null' }),
  clientIdPrefix: choice('sdk', ['sdk', 'none']),
  paper: section({
    url: field(optional(z.string().refine(isLoopbackUrl)), { reads: 'text', nullable: true, expected: 'http://HOST:PORT of a paper exchange on this machine, or null' }),
  }),
});

const paper = section({
  seed: wholeOrNull(0, 4_294_967_295),
  balance: amountOrZero('10000'),
  listen: field(z.string().refine(isLoopbackAddress).default('127.0.0.1:0'), { reads: 'text', expected: 'HOST:PORT of this machine, such as 127.0.0.1:0' }),
  replay: field(z.string().min(1).nullable().default(null), { reads: 'text', nullable: true, pathFrom: 'config', expected: 'the path of a folder of recorded candles, or null' }),
  speed: factor(1, 0.001, 1_000_000),
  replayHistory: whole(360, 0, 100_000),
  replayAlign: choice('start', ['start', 'recorded']),
});

const universe = section({
  policy: field(z.string().min(1).nullable().default('universe.yaml'), { reads: 'text', nullable: true, pathFrom: 'config', expected: 'the path of a policy file, or null' }),
  symbols: field(names(name, MOST_SYMBOLS).nullable().default(null), { reads: 'list', nullable: true, expected: `1 to ${MOST_SYMBOLS} symbols, each once, or null` }),
  top: whole(50, 1, MOST_SYMBOLS),
  minQuoteVolume: amountOrZero('10000000'),
  refreshMs: whole(300_000, SECOND, DAY),
  minOverlap: factor(0.5, 0, 1),
});

const generator = section({
  cycleMs: whole(60_000, 100, DAY),
  minConfidence: factor(0.5, 0, 1),
  strategies: strategyList(['trend-24h'], 1),
  shadows: strategyList(['ema-cross']),
  remoteModel: section({
    url: field(optional(z.string().refine(isHttpUrl)), { reads: 'text', nullable: true, expected: 'the http:// or https:// address that the model is asked at, or null' }),
    timeoutMs: whole(5_000, 10, 60_000),
    failuresToOpen: whole(3, 1, 1_000),
    retryMs: whole(60_000, SECOND, DAY),
    fallback: strategyOrNull('trend-24h'),
    maxFallbackShare: factor(0.5, 0, 1),
  }),
});

const trading = section({
  notional: amount('200'),
  leverage: whole(10, 1, 125),
  stopLossPercent: amount('2'),
  takeProfitPercent: amount('4'),
  entrySlippageBps: whole(30, 0, 1_000),
  intentExpiryMs: wholeOrNull(SECOND, DAY),
});

const risk = section({
  equityMaxAgeMs: whole(300_000, SECOND, DAY),
  priceMaxAgeMs: whole(10_000, 100, DAY),
  clockSkewMaxMs: whole(1_000, 1, 60_000),
  spreadMaxBps: whole(50, 1, 10_000),
  maxPositions: whole(10, 1, 1_000),
  notionalPerTrade: amount('210'),
  notionalTotal: amount('2200'),
  symbolCooldownMs: whole(60_000, 0, DAY),
  opensPerHour: whole(60, 1, 10_000),
  opensPer5Min: whole(10, 1, 10_000),
  dailyLossPercent: amount('2.5'),
  sessionDrawdownPercent: amount('8'),
  totalDrawdownPercent: amount('15'),
  flattenDrawdownPercent: amount('10'),
  volatilityMaxPercent: amount('5'),
  fundingAdversePercent: amount('0.1'),
  takerFeeBps: factor(5, 0, 1_000),
  edgeToCost: factor(2, 0, 1_000),
  killScoreMax: factor(0.55, 0, 1),
});

/** Locks: what rests after what, for how long. */
const protections = section({
  sameSignal: section({ pauseMs: whole(14_400_000, 0, WEEK), resetPercent: amountOrZero('1') }),
  killClose: section({ pauseMs: whole(3_600_000, 0, WEEK) }),
  lossStreak: section({ losses: whole(3, 1, 1_000), pauseMs: whole(3_600_000, 0, WEEK) }),
  stopGuard: section({ stops: whole(4, 1, 1_000), windowMs: whole(3_600_000, SECOND, WEEK), pauseMs: whole(3_600_000, 0, WEEK) }),
  lowProfit: section({ trades: whole(4, 1, 1_000), windowMs: whole(DAY, SECOND, WEEK), minPercent: signedAmount('0'), pauseMs: whole(21_600_000, 0, WEEK) }),
  drawdown: section({ trades: whole(10, 1, 1_000), windowMs: whole(DAY, SECOND, WEEK), maxPercent: amount('5'), pauseMs: whole(3_600_000, 0, WEEK) }),
  errorBreaker: section({ errors: whole(5, 1, 1_000), windowMs: whole(600_000, SECOND, DAY), pauseMs: whole(900_000, 0, WEEK) }),
});

const exits = section({
  evaluateMs: whole(60_000, 100, DAY),
  killScore: factor(0.6, 0, 1),
  killEvaluations: whole(2, 1, 100),
  costBps: factor(10, 0, 1_000),
  tiers: field(z.array(z.string().regex(/^\d+(\.\d+)?:\d+(\.\d+)?$/).refine(isTier)).readonly().default(['1:25', '1.5:50']), { reads: 'list', expected: 'a list of R:PERCENT, such as "1:25": at that R so many percent of the original quantity are closed; percentages add up to at most 100' }),
  profitLockR: amount('1.5'),
  profitLockPercent: amountOrZero('0.2'),
  emergencyR: amount('1.5'),
  timeStopMs: whole(14_400_000, SECOND, 365 * DAY),
  timeStopR: amountOrZero('0.5'),
});

const intents = section({
  sources: field(names(name).default(['manual']), { reads: 'list', expected: 'a list of names of external sources, each once' }),
  tokensFile: field(optional(z.string().min(1)), { reads: 'text', nullable: true, pathFrom: 'config', expected: 'the path of a file {SOURCE: TOKEN} of mode 0600, or null: external intents come over the socket only' }),
});

const execution = section({
  nakedAlarmMs: whole(3_000, 100, 600_000),
  nakedCloseMs: whole(10_000, 100, 600_000),
  stopPassedMs: whole(3_000, 100, 600_000),
  streamDeafMs: whole(5_000, 500, 600_000),
});

const adoption = section({
  unknownPositions: choiceOrNull(['adopt', 'leave']),
  instanceTag: field(z.string().regex(/^[a-z0-9]{4}$/).nullable().default(null), { reads: 'text', nullable: true, expected: 'the four characters a-z, 0-9 of an instance tag, or null' }),
});

const operator = section({
  http: section({
    listen: field(z.string().refine((text) => text === 'off' || isLoopbackAddress(text)).default('127.0.0.1:8470'), {
      reads: 'text',
      expected: `HOST:PORT of this machine, or "off" (${LOOPBACK_ONLY})`,
    }),
    token: field(optional(z.string().min(1)), { reads: 'text', nullable: true, secret: true, expected: 'a token, or null: one is made at the first start' }),
    allowControl: flag(false),
  }),
});

/** The journal, and what is kept beside it while its store is away. */
const journal = section({
  engine: choice('sqlite', ['sqlite', 'redis']),
  retentionDays: field(z.int().min(2).max(3_650).nullable().default(14), { reads: 'value', nullable: true, expected: 'a whole number of days from 2 to 3650, or null: everything is kept' }),
  redis: section({
    url: field(z.string().refine(isRedisUrl).default('redis://127.0.0.1:6379'), { reads: 'text', secret: true, expected: 'redis://HOST[:PORT], or rediss:// for TLS, without database, query or fragment' }),
    username: field(optional(z.string().min(1)), { reads: 'text', nullable: true, expected: 'the name of a user of Redis, or null' }),
    password: field(optional(z.string().min(1)), { reads: 'text', nullable: true, secret: true, environmentOnly: true, expected: 'a password, from the environment or journal.redis.passwordFile' }),
    passwordFile: field(optional(z.string().min(1)), { reads: 'text', nullable: true, pathFrom: 'config', expected: 'the path of a file of mode 0600 that holds the password and nothing else, or null' }),
    prefix: field(z.string().regex(/^[^{}\s]+$/).default('quantum:'), { reads: 'text', expected: 'text without braces and blanks, such as quantum:' }),
    instance: field(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/).nullable().default(null), { reads: 'text', nullable: true, expected: '1 to 64 of A-Z a-z 0-9 . _ -, or null: the name of the venue.mode' }),
    requireReplica: flag(false),
  }),
  spill: section({ maxMs: whole(60_000, SECOND, DAY), maxRecords: whole(10_000, 1, 1_000_000) }),
});

export const configSchema = z
  .strictObject({
    dataDir: field(z.string().min(1).default('var'), { reads: 'text', pathFrom: 'project', expected: 'the path of a directory' }),
    log: section({ level: logLevel, format: choice('auto', ['auto', 'pretty', 'json']) }),
    venue,
    paper,
    universe,
    generator,
    trading,
    risk,
    protections,
    exits,
    intents,
    account: section({ pollMs: whole(15_000, 100, DAY) }),
    market: section({ tickerMs: whole(15_000, 100, DAY), candleHistory: whole(500, 21, 1_500) }),
    execution,
    adoption,
    journal,
    operator,
    shutdown: section({ budgetMs: whole(5_000, 1_000, 60_000) }),
  })
  .readonly();

/** The whole configuration, checked; paths are absolute, money is decimal text. */
export type Config = z.infer<typeof configSchema>;
