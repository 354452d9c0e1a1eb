/** How faithful the paper exchange is where it is not simply complete: what is simplified and how, what is absent, and every stream. Tables of docs/paper-exchange.md. */

/** Endpoint → how it differs from the venue's. An endpoint that is served and not named here is complete. */
export const SIMPLIFIED: Readonly<Record<string, string>> = {
  'GET /fapi/v1/exchangeInfo': 'perpetual contracts in USDT only; every symbol was listed on the same day',
  'GET /fapi/v1/depth': 'the book is made around the price and 50 levels deep, whatever the limit',
  'GET /fapi/v1/klines': 'three days of minutes are kept, and what is shorter than a day is made of those; whole days are kept for four years, and `1d` and longer are made of those',
  'GET /fapi/v1/continuousKlines': 'as `klines`; only perpetual contracts have candles',
  'GET /fapi/v1/markPriceKlines': 'three days; the count is how often the price was looked at',
  'GET /fapi/v1/indexPriceKlines': 'three days; every pair is that of one symbol, and has its index',
  'GET /fapi/v1/premiumIndexKlines': 'three days',
  'GET /fapi/v1/indexInfo': 'always empty: no symbol here is a composite index',
  'GET /fapi/v1/trades': 'the newest 2,000 trades of the market; those of the accounts are not among them',
  'GET /fapi/v1/historicalTrades': 'reaches back 2,000 trades',
  'GET /fapi/v1/aggTrades': 'reaches back 2,000 aggregates',
  'GET /fapi/v1/ticker/24hr': 'over what history there is, as for a new listing',
  'GET /fapi/v1/openInterest': 'a quarter of the day\'s volume: there are no other customers to count',
  'GET /fapi/v1/premiumIndex': 'the premium is sampled once a minute; `estimatedSettlePrice` is the mean of the index over the last hour, at any time',
  'GET /fapi/v1/fundingInfo': 'every symbol settles each eight hours, ± 2 %',
  'POST /fapi/v1/order': '`priceMatch`, `priceProtect` and self-trade prevention other than `EXPIRE_MAKER` are refused with −1130',
  'PUT /fapi/v1/order': '`modifyId` is in the answer only',
  'PUT /fapi/v1/batchOrders': '`modifyId` is in the answers only',
  'POST /fapi/v1/order/test': 'answers the order as it would be accepted; conditional types are refused with −4120',
  'POST /fapi/v1/algoOrder': '`priceMatch`, `priceProtect` and self-trade prevention other than `EXPIRE_MAKER` are refused with −1130',
  'GET /fapi/v1/allOrders': 'of each account the newest 100,000 that are over, and no longer than the venue keeps them',
  'GET /fapi/v1/allAlgoOrders': 'of each account the newest 100,000 that are over, and no longer than the venue keeps them',
  'GET /fapi/v1/userTrades': 'of each account the newest 100,000, and no longer than 90 days',
  'GET /fapi/v1/income': 'of each account what its newest 100,000 trades and 100,000 other changes show, and no longer than 90 days',
  'GET /fapi/v1/multiAssetsMargin': 'always off',
  'POST /fapi/v1/multiAssetsMargin': 'stays off: turning it on is refused with −1130',
  'GET /fapi/v1/feeBurn': 'always off: commission is in USDT',
  'GET /fapi/v1/commissionRate': 'VIP 0 for everybody',
  'GET /fapi/v1/rateLimit/order': 'the documented limits, also where they are lifted',
  'POST /fapi/v1/stock/contract': 'there are no such contracts: signing is all that it does',
};

/** Documented by the venue and not served here: answers 404 and −5000, as an unknown path does. */
export const ABSENT: readonly string[] = [
  'GET /fapi/v1/assetIndex', 'GET /fapi/v1/constituents', 'GET /futures/data/…',
  'GET /fapi/v1/adlQuantile', 'GET /fapi/v1/apiTradingStatus', 'POST /fapi/v1/feeBurn', 'GET /fapi/v1/income/asyn', 'GET /fapi/v1/order/asyn', 'GET /fapi/v1/trade/asyn', 'GET /fapi/v1/pmAccountInfo', 'POST /fapi/v1/convert/getQuote',
];

export const WS_API = `\`ws://127.0.0.1:8480/ws-fapi/v1\`, instead of \`wss://ws-fapi.binance.com/ws-fapi/v1\`. Each method is carried out by its endpoint: the same parameters, weights, limits, refusals and faults. Signed over the parameters in the order of their names, numbers as they were written, text raw or percent-encoded. Connecting weighs 5.

Simplified: \`session.logon\` is refused with −4056, because it is for Ed25519 keys and those of the accounts here are HMAC (\`session.status\` and \`session.logout\` say that nobody is logged on); a method that is not in the table answers 404 and −5000, a frame that is no request 400 and −1135.`;

/** Route, stream, state and how. */
export const STREAMS: readonly (readonly [string, string, 'complete' | 'simplified' | 'absent', string])[] = [
  ['market', '`<symbol>@markPrice[@1s]`, `!markPrice@arr[@1s]`', 'simplified', 'the moving average is over five minutes of mark prices, the estimated settle price the mean of the index over an hour'],
  ['market', '`<symbol>@kline_<interval>`, `<pair>_perpetual@continuousKline_<interval>`', 'simplified', 'the same candles as REST; no `1s`'],
  ['market', '`!contractInfo`', 'simplified', 'tells each change of a symbol\'s status; brackets never change'],
  ['market', '`<symbol>@aggTrade`', 'complete', ''],
  ['market', '`<symbol>@miniTicker`, `!miniTicker@arr`, `<symbol>@ticker`, `!ticker@arr`', 'complete', ''],
  ['market', '`<symbol>@forceOrder`, `!forceOrder@arr`', 'simplified', 'liquidations of the accounts here; the market has no other customers'],
  ['market', '`<pair>_<other type>@continuousKline_<interval>`, `<symbol>@compositeIndex`, `!assetIndex@arr`, `tradingSession`', 'absent', 'subscribing succeeds and nothing comes, as for any name the venue does not know'],
  ['public', '`<symbol>@bookTicker`, `!bookTicker`', 'complete', ''],
  ['public', '`<symbol>@depth<5\\|10\\|20>[@100ms\\|@500ms]`, `<symbol>@depth[@100ms\\|@500ms]`', 'complete', ''],
  ['public', '`<symbol>@trade`', 'simplified', 'not documented by the venue; fields as it is seen to send them'],
  ['public', '`<symbol>@rpiDepth`', 'absent', 'subscribing succeeds and nothing comes'],
  ['private', '`ORDER_TRADE_UPDATE`, `TRADE_LITE`, `ACCOUNT_UPDATE`, `ALGO_UPDATE`, `ACCOUNT_CONFIG_UPDATE`, `MARGIN_CALL`, `listenKeyExpired`', 'complete', 'sequence as the venue\'s: NEW before TRADE, TRADE_LITE and ACCOUNT_UPDATE with every fill'],
];
