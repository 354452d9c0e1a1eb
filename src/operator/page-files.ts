/** The page as files: read once, served as they are, and forbidden by their own headers to load or send anything elsewhere. */
import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
export const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
} as const;

/** For every answer of the TCP door. */
export const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

export function pageFiles(): readonly PageFile[] {
  const file = (path: string, url: URL, type: string): PageFile => ({ path, type: `${type}; charset=utf-8`, text: readFileSync(url, 'utf8') });
  return [
    file('/', new URL('./page/index.html', import.meta.url), 'text/html'),
    file('/page.js', new URL('./page/page.js', import.meta.url), 'text/javascript'),
    file('/panels.js', new URL('./page/panels.js', import.meta.url), 'text/javascript'),
    file('/page.css', new URL('./page/page.css', import.meta.url), 'text/css'),
  ];
}
