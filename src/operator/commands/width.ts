/** How many columns a text takes in a terminal, so that tables align in every script; and text that cannot command the terminal. */

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** East Asian Wide and Fullwidth (Unicode annex 11), and what is drawn as a picture. Half-width kana and hangul are not. */
const WIDE = /^(?:[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{17000}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\p{Emoji}\uFE0F)/u;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Control characters, and those that turn the direction of writing. */
const COMMANDING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** Columns of `text` in a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += INVISIBLE.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}

export function padded(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/** What came from outside, on one line and harmless: a name must not move the cursor or change the colours. */
export function printable(text: string): string {
  return text.replaceAll(COMMANDING, (one) => (one === '\n' || one === '\t' ? ' ' : '\uFFFD'));
}
