/** Tables, trees and values as text for a person. */
import { padded, printable, widthOf } from './width.ts';

/** A heading; with `#` in front, a column of numbers, aligned right. */
export type Heading = string;

/** Rows under headings, two blanks between columns, none at the end of a line. */
export function table(headings: readonly Heading[], rows: readonly (readonly string[])[]): string {
  const names = headings.map((one) => one.replace(/^#/, ''));
  const cells = [names, ...rows.map((row) => row.map(printable))];
  const widths = names.map((_name, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]) => row.map((text, column) => padded(text, widths[column] ?? 0, headings[column]?.startsWith('#') === true ? 'right' : 'left')).join('  ').trimEnd();
  return `${cells.map(line).join('\n')}\n`;
}

export interface Branch {
  readonly children: readonly Branch[];
}

/** Every node of a tree, in order, with the lines that lead to it. */
export function branches<Node extends Branch>(root: Node): readonly { readonly lead: string; readonly node: Node }[] {
  const walk = (node: Node, lead: string, below: string): { lead: string; node: Node }[] => [
    { lead, node },
    ...(node.children as readonly Node[]).flatMap((child, at, all) => (at === all.length - 1 ? walk(child, `${below}└─ `, `${below}   `) : walk(child, `${below}├─ `, `${below}│  `))),
  ];
  return walk(root, '', '');
}

/** Any JSON for a person: `name: value` lines, lists of objects as tables. */
export function outline(value: unknown, indent = ''): string {
  if (!isObject(value)) return `${indent}${scalar(value)}\n`;
  return Object.entries(value)
    .map(([name, one]) => `${indent}${printable(name)}:${member(one, indent)}`)
    .join('');
}

function member(value: unknown, indent: string): string {
  if (Array.isArray(value)) return list(value, `${indent}  `);
  if (!isObject(value)) return ` ${scalar(value)}\n`;
  return Object.keys(value).length === 0 ? ' none\n' : `\n${outline(value, `${indent}  `)}`;
}

function list(items: readonly unknown[], indent: string): string {
  if (items.length === 0) return ' none\n';
  if (!items.every(isObject)) return ` ${items.map((one) => (isObject(one) ? JSON.stringify(one) : scalar(one))).join(', ')}\n`;
  const columns = [...new Set(items.flatMap((one) => Object.keys(one)))];
  const rows = items.map((one) => columns.map((column) => (isObject(one[column]) || Array.isArray(one[column]) ? JSON.stringify(one[column]) : scalar(one[column]))));
  return `\n${table(columns, rows).replaceAll(/^(?=.)/gm, indent)}`;
}

function scalar(value: unknown): string {
  if (value === null || value === undefined) return '?';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Milliseconds for a person. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
