/** Every fault that can be planted in a source: one small change at one place, each of which the tests of a rule should notice. */
import { parseSync } from '@swc/core';

export interface Fault {
  readonly line: number;
  /** What stood there and what stands there now, shortened. */
  readonly change: string;
  /** The whole source with the fault in it. */
  readonly source: string;
}

interface Node {
  readonly type: string;
  readonly span: Span;
  readonly [field: string]: unknown;
}
/** Bytes, counted from 1. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Operators by those that take their place: comparisons move by their edge, and turn round. */
const OPERATORS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'],
  '===': ['!=='], '!==': ['==='],
  '&&': ['||'], '||': ['&&'], '??': ['&&'],
  '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'],
  '+=': ['-='], '-=': ['+='], '*=': ['/='], '/=': ['*='],
}));

/** Functions and methods by those that take their place. */
const CALLS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  isGreaterThan: ['isGreaterThanOrEqualTo', 'isLessThanOrEqualTo'], isGreaterThanOrEqualTo: ['isGreaterThan', 'isLessThan'],
  isLessThan: ['isLessThanOrEqualTo', 'isGreaterThanOrEqualTo'], isLessThanOrEqualTo: ['isLessThan', 'isGreaterThan'],
  plus: ['minus'], minus: ['plus'], multipliedBy: ['dividedBy'], dividedBy: ['multipliedBy'],
  floorTo: ['ceilTo'], ceilTo: ['floorTo'], floor: ['ceil'], ceil: ['floor'], round: ['floor'],
  min: ['max'], max: ['min'], minimum: ['maximum'], maximum: ['minimum'],
  some: ['every'], every: ['some'], startsWith: ['endsWith'], endsWith: ['startsWith'], find: ['findLast'], findLast: ['find'],
}));

/** Methods that give their object back when they are left out: `list.filter(…)` becomes `list`. */
const LEFT_OUT: ReadonlySet<string> = new Set(['abs', 'absoluteValue', 'negated', 'filter', 'slice', 'sort', 'toSorted', 'reverse', 'toReversed', 'decimalPlaces']);

const TEXTS: ReadonlyMap<unknown, string> = new Map([['LONG', 'SHORT'], ['SHORT', 'LONG'], ['BUY', 'SELL'], ['SELL', 'BUY']]);

/** What one line of the report shows of a piece of code. */
const SHOWN = 70;

/** In the order of the source. A fault that could not be parsed is none. */
export function faultsOf(source: string): readonly Fault[] {
  const bytes = Buffer.from(source);
  const faults: Fault[] = [];
  const seen = new Set<string>([source]);
  const top = parse(source);
  for (const statement of top['body'] as readonly Node[]) walk(statement, true);
  return faults.toSorted((a, b) => a.line - b.line);

  function walk(node: Node, topLevel: boolean): void {
    if (isType(node)) return;
    plantIn(node, topLevel);
    const inside = topLevel && !/^(Function|Arrow|Class)/.test(node.type);
    for (const child of childrenOf(node)) walk(child, inside);
  }

  function plantIn(node: Node, topLevel: boolean): void {
    switch (node.type) {
      case 'BinaryExpression':
        return operator(node, node['left'] as Node, node['right'] as Node);
      case 'AssignmentExpression':
        return operator(node, node['left'] as Node, node['right'] as Node);
      case 'CallExpression':
        return call(node);
      case 'UnaryExpression':
        if (node['operator'] === '!' || node['operator'] === '-') replace(node, textOf(node['argument'] as Node));
        return;
      case 'BooleanLiteral':
        return replace(node, String(node['value'] !== true));
      case 'NumericLiteral':
        for (const by of [1, -1]) replace(node, `(${Number(node['value']) + by})`);
        return;
      case 'StringLiteral':
        if (TEXTS.has(node['value'])) replace(node, `'${TEXTS.get(node['value'])}'`);
        return;
      case 'ConditionalExpression':
        for (const branch of ['consequent', 'alternate']) replace(node, `(${textOf(node[branch] as Node)})`);
        return;
      case 'IfStatement':
        for (const value of ['true', 'false']) replace(node['test'] as Node, value);
        return;
      case 'ArrayExpression':
        return rows(node, (node['elements'] as readonly ({ readonly spread: Span | null; readonly expression: Node } | null)[]).flatMap((one) => (one === null ? [] : [{ start: one.spread?.start ?? one.expression.span.start, end: one.expression.span.end }])));
      case 'VariableDeclarator': {
        // A table by name. The fields of its rows, and those of other objects, are for the type check.
        const table = node['init'] as Node | null;
        if (topLevel && table?.type === 'ObjectExpression') for (const property of table['properties'] as readonly Node[]) remove(spanOf(property));
        return;
      }
      case 'ObjectExpression':
        for (const property of node['properties'] as readonly Node[]) if (property.type === 'SpreadElement') remove(spanOf(property));
        return;
      case 'SwitchCase':
        return remove(node.span);
      case 'ExpressionStatement':
      case 'ContinueStatement':
      case 'BreakStatement':
        return replace(node, ';');
      default:
        return;
    }
  }

  function operator(node: Node, left: Node, right: Node): void {
    const name = String(node['operator']);
    // `+` of texts joins them.
    if (name === '+' && [left, right].some((side) => side.type === 'StringLiteral' || side.type === 'TemplateLiteral')) return;
    const at = bytes.indexOf(name, spanOf(left).end - 1);
    for (const other of OPERATORS.get(name) ?? []) plant({ start: at + 1, end: at + 1 + name.length }, other, node.span);
  }

  function call(node: Node): void {
    const callee = node['callee'] as Node;
    const named = callee.type === 'MemberExpression' ? (callee['property'] as Node) : callee;
    if (named.type !== 'Identifier') return;
    const name = String(named['value']);
    for (const other of CALLS.get(name) ?? []) plant(named.span, other, node.span);
    if (callee.type === 'MemberExpression' && LEFT_OUT.has(name)) replace(node, textOf(callee['object'] as Node));
  }

  function rows(list: Node, elements: readonly Span[]): void {
    if (elements.length > 0) replace(list, '[]');
    if (elements.length > 1) for (const element of elements) remove(element);
  }

  /** With the comma after it. */
  function remove(span: Span): void {
    const comma = /^\s*,/.exec(bytes.toString('utf8', span.end - 1))?.[0] ?? '';
    plant({ start: span.start, end: span.end + comma.length }, '', span);
  }

  function replace(node: Node, by: string): void {
    plant(node.span, by, node.span);
  }

  function plant(span: Span, by: string, shown: Span): void {
    const before = bytes.toString('utf8', 0, span.start - 1);
    const planted = before + by + bytes.toString('utf8', span.end - 1);
    if (seen.has(planted)) return;
    seen.add(planted);
    try {
      parse(planted);
    } catch {
      return;
    }
    const left = flat(bytes.toString('utf8', shown.start - 1, span.start - 1)).slice(-SHOWN / 2);
    const right = flat(bytes.toString('utf8', span.end - 1, shown.end - 1)).slice(0, SHOWN / 2);
    const was = bytes.toString('utf8', span.start - 1, span.end - 1);
    faults.push({ line: before.split('\n').length, change: by === '' ? `${shorten(was)} → removed` : `${left}${shorten(was)}${right} → ${left}${shorten(by)}${right}`, source: planted });
  }

  function textOf(node: Node): string {
    return bytes.toString('utf8', node.span.start - 1, node.span.end - 1);
  }
}

function parse(source: string): Node {
  return parseSync(source, { syntax: 'typescript', target: 'esnext' }) as unknown as Node;
}

/** Types are gone before anything runs, and the type check has them; `x as T` and its like still hold an expression. */
function isType(node: Node): boolean {
  return node.type === 'ImportDeclaration' || (node.type.startsWith('Ts') && !['TsAsExpression', 'TsSatisfiesExpression', 'TsNonNullExpression', 'TsConstAssertion'].includes(node.type));
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap(nodesIn);
}

/** Arguments and elements stand in a wrapper without a type of its own, and so does the body of a method. */
function nodesIn(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && typeof value.type === 'string') return [value as Node];
  if ('body' in value) return nodesIn(value.body);
  return 'expression' in value ? nodesIn(value.expression) : [];
}

/** Of what has no span of its own, that of its parts. */
function spanOf(node: Node): Span {
  if ((node.span as Span | undefined) !== undefined) return node.span;
  const spans = [...(node['spread'] === undefined ? [] : [node['spread'] as Span]), ...childrenOf(node).map(spanOf)];
  return { start: Math.min(...spans.map(({ start }) => start)), end: Math.max(...spans.map(({ end }) => end)) };
}

function flat(code: string): string {
  return code.replaceAll(/\s+/g, ' ');
}

function shorten(code: string): string {
  const line = flat(code);
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN / 2)} … ${line.slice(-SHOWN / 2)}`;
}
