/** The kinds of settings: each knows how its value is read from text, what it accepts, and how to say so to a person. */
import { z } from 'zod';
import { decimal, decimalString } from '../protocol/decimal.ts';

/** What loading and showing a setting need to know beside its schema. */
export interface Field {
  /** `text`: as written, so that `0.10` stays `0.10`; `value`: as YAML reads it; `list`: a YAML list, or names between commas. */
  readonly reads: 'text' | 'value' | 'list';
  /** What is expected, in words: "a whole number from 1 to 125". */
  readonly expected: string;
  /** `null` is a value: "not set", or a default that depends on other settings. */
  readonly nullable?: boolean;
  /** Never shown, hashed or logged. */
  readonly secret?: boolean;
  /** Refused in a configuration file and in `--set`: both are copied, committed and listed by `ps`. */
  readonly environmentOnly?: boolean;
  /** A path; its default is relative to the project, or to the project's `config` folder. */
  readonly pathFrom?: 'project' | 'config';
  /** Says which of its texts, alone or in the list, are paths. */
  readonly isPath?: (text: string) => boolean;
}

/** The field of every leaf of the schema: what is not in here is a section. */
export const fields = z.registry<Field>();

export function field<Schema extends z.ZodType>(schema: Schema, about: Field): Schema {
  fields.add(schema, about);
  return schema;
}

/** A duration, a count, a multiplier. */
export function whole(byDefault: number, minimum: number, maximum: number) {
  return field(z.int().min(minimum).max(maximum).default(byDefault), { reads: 'value', expected: `a whole number from ${minimum} to ${maximum}` });
}

export function wholeOrNull(minimum: number, maximum: number) {
  return field(z.int().min(minimum).max(maximum).nullable().default(null), { reads: 'value', nullable: true, expected: `a whole number from ${minimum} to ${maximum}, or null` });
}

/** A statistic or a factor, never money. */
export function factor(byDefault: number, minimum: number, maximum: number) {
  return field(z.number().min(minimum).max(maximum).default(byDefault), { reads: 'value', expected: `a number from ${minimum} to ${maximum}` });
}

export function flag(byDefault: boolean) {
  return field(z.boolean().default(byDefault), { reads: 'value', expected: 'true or false' });
}

export function choice<const Options extends readonly [string, ...string[]]>(byDefault: NoInfer<Options[number]>, options: Options, remark = '') {
  return field(z.enum(options).default(byDefault as never), { reads: 'text', expected: `${oneOf(options)}${remark}` });
}

export function choiceOrNull<const Options extends readonly [string, ...string[]]>(options: Options) {
  return field(z.enum(options).nullable().default(null), { reads: 'text', nullable: true, expected: `${oneOf(options)}, or null` });
}

/** Money or a percentage: an exact decimal above zero. */
export function amount(byDefault: string) {
  return field(decimalString.refine(isAboveZero).default(byDefault), { reads: 'text', expected: 'a decimal number above 0, such as 0.25' });
}

export function amountOrZero(byDefault: string) {
  return field(decimalString.refine((text) => isDecimal(text) && !decimal(text).isNegative()).default(byDefault), { reads: 'text', expected: 'a decimal number, 0 or more' });
}

/** Money or a percentage of either sign. */
export function signedAmount(byDefault: string) {
  return field(decimalString.default(byDefault), { reads: 'text', expected: 'a decimal number, such as -0.5' });
}

const strategyName = z.string().trim().min(1);
const STRATEGIES_EXPECTED = 'trend-24h, ema-cross, remote-model, or the path of a file that exports one (relative to the configuration file)';

/** What is not the name of a strategy that comes with Vigil. */
export function isStrategyPath(text: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(text);
}

/** Strategies by name, or by the path of a file that exports one; which of them exist is found when they are loaded. */
export function strategyList(byDefault: readonly string[], atLeast = 0) {
  const list = z.array(strategyName).min(atLeast).refine((all) => new Set(all).size === all.length, { message: 'each once' });
  return field(list.readonly().default([...byDefault]), { reads: 'list', isPath: isStrategyPath, expected: `a list of ${atLeast > 0 ? 'at least one strategy' : 'strategies'}, each once: ${STRATEGIES_EXPECTED}` });
}

export function strategyOrNull(byDefault: string) {
  return field(strategyName.nullable().default(byDefault), { reads: 'text', nullable: true, isPath: isStrategyPath, expected: `${STRATEGIES_EXPECTED}; or null` });
}

export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

/** `R:PERCENT`, both above zero, at most 100 %. */
export function isTier(text: string): boolean {
  const [r = '', percent = ''] = text.split(':');
  return isAboveZero(r) && isAboveZero(percent) && decimal(percent).isLessThanOrEqualTo(100);
}

/** A distinct list of names; names are opaque Unicode, blanks around them are not part of them. */
export function names<Item extends z.ZodType<string>>(item: Item, most = 1_000) {
  return z
    .array(item)
    .min(1)
    .max(most)
    .refine((list) => new Set(list).size === list.length, { message: 'each name once' })
    .readonly();
}

export const name = z.string().trim().min(1);

/** A value that may be left out; `null` in a file says the same. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function oneOf(options: readonly string[]): string {
  const quoted = options.map((option) => `"${option}"`);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}

function isAboveZero(text: string): boolean {
  return isDecimal(text) && decimal(text).isGreaterThan(0);
}

/** zod runs a refinement even on text the pattern has refused. */
function isDecimal(text: string): boolean {
  return decimalString.safeParse(text).success;
}
