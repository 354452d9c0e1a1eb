/** What a model server is asked, and what of its answer is believed: nothing that is not of the right type and about the right symbol. */
import { z } from 'zod';
import { text } from '../../protocol/decimal.ts';
import type { SymbolName } from '../../protocol/names.ts';
import { aged } from './strategy.ts';
import type { Sight, Verdict } from './strategy.ts';

/** Price in quote per base, volume of 24 h in quote: decimals by their digits, as text. */
export interface ModelQuestion {
  readonly symbol: SymbolName;
  readonly price: string;
  readonly volume: string;
}

/** The question, or what is missing to ask it: a model that was told nothing would answer all the same. */
export function questionOf(sight: Sight): { readonly question: ModelQuestion } | { readonly missing: string } {
  const { symbol, mark, ticker } = sight.market;
  const missing = aged('mark price', mark, sight) ?? aged('24 h ticker', ticker, sight);
  if (mark === undefined || ticker === undefined || missing !== undefined) return { missing: missing ?? '' };
  return { question: { symbol, price: text(mark.price), volume: text(ticker.quoteVolume) } };
}

/** The body of the request: price and volume are numbers to the model, with every digit, and never went through a float here. */
export function bodyOf({ symbol, price, volume }: ModelQuestion): string {
  return `{"symbol":${JSON.stringify(symbol)},"price":${price},"volume":${volume},"timeframe":"1h"}`;
}

const answerSchema = z.object({
  /** Whose answer it is, where the model says so. */
  symbol: z.string('a text, the symbol that was asked for').optional(),
  side: z
    .string('long, short or hold')
    .transform((side) => side.toLowerCase())
    .pipe(z.enum(['long', 'short', 'hold'], 'long, short or hold')),
  confidence: z.number('a number from 0 to 1').min(0, 'a number from 0 to 1').max(1, 'a number from 0 to 1'),
});

/** Why an answer is none: by field, with what it was. */
export interface Unbelieved {
  readonly fault: string;
}

/** @param answer as it came, parsed from JSON. */
export function verdictOfAnswer(asked: ModelQuestion, answer: unknown): Verdict | Unbelieved {
  const result = answerSchema.safeParse(answer, { reportInput: true });
  if (!result.success) return { fault: result.error.issues.map((issue) => `${issue.path.join('.') || 'answer'} is ${shown(issue.input)}, expected ${issue.message}`).join('; ') };
  const { symbol, side, confidence } = result.data;
  if (symbol !== undefined && symbol !== asked.symbol) return { fault: `symbol is ${shown(symbol)}, expected ${JSON.stringify(asked.symbol)}` };
  const inputs = { price: asked.price, volume: asked.volume, answer: side };
  return side === 'hold' ? { verdict: 'hold', confidence, inputs } : { verdict: 'signal', side: side === 'long' ? 'LONG' : 'SHORT', confidence, inputs };
}

const SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  const json = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'missing');
  return json.length > SHOWN_CHARACTERS ? `${json.slice(0, SHOWN_CHARACTERS)}…` : json;
}
