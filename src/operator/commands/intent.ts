/** `vigil intent`: hands in an intent as a declared source; 4 when it was not taken, and the reason why. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { client } from './client-command.ts';
import type { CommandIo } from './io.ts';
import { runQuestion } from './run.ts';
import type { ClientOptions } from './run.ts';
import { printable } from './width.ts';

interface IntentOptions extends ClientOptions {
  readonly symbol: string;
  readonly side: string;
  readonly source: string;
  readonly confidence: number;
  readonly entryPrice?: string;
  readonly notional?: string;
  readonly leverage?: number;
  readonly stopLoss?: string;
  readonly takeProfit?: string;
  readonly expiresAt?: string;
  readonly key?: string;
}

/** It waits for the journal. */
const TAKES_MS = 11_000;

export function registerIntent(program: Command, io: CommandIo): void {
  client(program, 'intent', 'hand in an intent as an external source; what becomes of it: `vigil trace ID`')
    .requiredOption('--symbol <symbol>', 'as the venue writes it')
    .addOption(new Option('--side <side>', 'long or short').choices(['long', 'short']).makeOptionMandatory())
    .option('--source <name>', 'a source of intents.sources', 'manual')
    .option('--confidence <share>', '0 to 1', share, 1)
    .option('--entry-price <price>', 'what it was decided at (default: the mark price)')
    .option('--notional <usdt>', 'instead of trading.notional')
    .option('--leverage <times>', 'instead of trading.leverage', whole)
    .option('--stop-loss <price>', 'instead of trading.stopLossPercent')
    .option('--take-profit <price>', 'instead of trading.takeProfitPercent')
    .option('--expires-at <time>', 'ISO-8601 UTC; later it opens nothing')
    .option('--key <key>', 'the same key is the same intent, however often it is handed in', headerText)
    .action(({ symbol, side, source, confidence, entryPrice, notional, leverage, stopLoss, takeProfit, expiresAt, key, ...options }: IntentOptions) => {
      const given = { entryPrice, notional, leverage, stopLoss, takeProfit, expiresAt };
      const body = { source, symbol, side, confidence, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
      return runQuestion<{ readonly intentId: string }>(io, options, { method: 'POST', path: '/v1/intents', body, takesMs: TAKES_MS, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }), show: ({ intentId }) => `taken: ${printable(intentId)}\n` });
    });
}

/** A key travels in a header, which takes nothing else. */
function headerText(text: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(text)) throw new InvalidArgumentError('It is not 1 to 200 printable ASCII characters without blanks.');
  return text;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It is not a number from 0 to 1.');
  return value;
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1 to 125.');
  return Number(text);
}
