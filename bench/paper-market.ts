/**
 * What the paper exchange's market costs: 100 symbols that tick four times a second, with mark prices each second and candles with each tick told to one listener.
 * The ratio is processor time over simulated time: 0.1 is a tenth of a core. Run: `node bench/paper-market.ts [symbols] [minutes]`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { SyntheticMarket } from '../src/paper/market/synthetic.ts';
import { memoryStore } from '../src/paper/store/store.ts';
import { StreamFaults } from '../src/paper/streams/stream-faults.ts';
import { StreamHub } from '../src/paper/streams/stream-hub.ts';
import { PaperVenue } from '../src/paper/venue.ts';
import { decimal } from '../src/protocol/decimal.ts';
import { VirtualClock } from '../test/kit/virtual-clock.ts';

const count = Number(process.argv[2] ?? 100);
const minutes = Number(process.argv[3] ?? 3);
const symbols = Array.from({ length: count }, (_, index) => ({ symbol: `C${index}USDT`, price: '100', tickSize: '0.01', stepSize: '0.01', dayTurnover: 50_000_000 }));

const clock = new VirtualClock();
const log = () => {};
const venue = new PaperVenue({ source: new SyntheticMarket(7, symbols), store: memoryStore, clock, log, balance: decimal('10000'), onFatal: (error) => console.error(error) });
const server = createServer();
const hub = new StreamHub(venue, server, clock, new StreamFaults(clock, log));
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const streams = symbols.flatMap(({ symbol }) => [`${symbol.toLowerCase()}@markPrice@1s`, `${symbol.toLowerCase()}@kline_1m`]);
const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/market/ws`);
await new Promise((resolve) => {
  socket.once('open', resolve);
});
let messages = 0;
socket.on('message', () => messages++);
await new Promise((resolve) => {
  socket.once('message', resolve);
  socket.send(JSON.stringify({ method: 'SUBSCRIBE', params: streams, id: 1 }));
});
venue.run();

/** Moves on by a second, and lets the listener read. */
async function second(): Promise<void> {
  clock.advance(1_000);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

for (let warm = 0; warm < 30; warm++) await second();
globalThis.gc?.();
const heap = process.memoryUsage().heapUsed;
const begun = process.cpuUsage();
for (let played = 0; played < minutes * 60; played++) await second();
const used = process.cpuUsage(begun);
globalThis.gc?.();
const ratio = (used.user + used.system) / 1_000_000 / (minutes * 60);
console.log(`${count} symbols, ${minutes} minutes: ${ratio.toFixed(3)} of a core, ${(messages / (minutes * 60 + 30)).toFixed(0)} messages a second, heap ${((process.memoryUsage().heapUsed - heap) / 1_048_576).toFixed(1)} MB more`);
socket.terminate();
hub.close();
venue.close();
server.close();
