/** The nine symbols of the synthetic market, with the price, digits and turnover their live counterparts have. */

export interface SyntheticSymbol {
  readonly symbol: string;
  readonly price: string;
  readonly tickSize: string;
  readonly stepSize: string;
  /** USDT a day. */
  readonly dayTurnover: number;
}

export const SYNTHETIC_SYMBOLS: readonly SyntheticSymbol[] = [
  { symbol: 'ANKRUSDT', price: '0.0083', tickSize: '0.00001', stepSize: '1', dayTurnover: 6_000_000 },
  { symbol: 'ARCUSDT', price: '0.045', tickSize: '0.00001', stepSize: '1', dayTurnover: 90_000_000 },
  { symbol: 'CHESSUSDT', price: '0.03', tickSize: '0.00001', stepSize: '1', dayTurnover: 8_000_000 },
  { symbol: 'FHEUSDT', price: '0.04', tickSize: '0.00001', stepSize: '1', dayTurnover: 70_000_000 },
  { symbol: 'GPSUSDT', price: '0.0086', tickSize: '0.000001', stepSize: '1', dayTurnover: 25_000_000 },
  { symbol: 'HYPEUSDT', price: '33.7', tickSize: '0.001', stepSize: '0.01', dayTurnover: 1_200_000_000 },
  { symbol: 'RIVERUSDT', price: '13.9', tickSize: '0.001', stepSize: '0.1', dayTurnover: 150_000_000 },
  { symbol: 'STABLEUSDT', price: '0.0144', tickSize: '0.00001', stepSize: '1', dayTurnover: 80_000_000 },
  { symbol: '币安人生USDT', price: '0.13', tickSize: '0.00001', stepSize: '1', dayTurnover: 60_000_000 },
];
