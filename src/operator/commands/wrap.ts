/** Text in lines that fit a terminal of 80 columns, also where letters are two columns wide. */
import { printable, widthOf } from './width.ts';

const COLUMNS = 80;

/** `first` before the first line, blanks of the same width before the others; breaks at blanks, and within a word only where it must. */
export function wrapped(first: string, text: string, columns = COLUMNS): string {
  const indent = ' '.repeat(widthOf(first));
  const room = Math.max(1, columns - widthOf(first));
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ').flatMap((one) => pieces(one, room))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= room) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].map((one, at) => `${at === 0 ? first : indent}${one}`.trimEnd()).join('\n');
}

function pieces(word: string, room: number): readonly string[] {
  const found: string[] = [];
  let piece = '';
  for (const letter of word) {
    if (widthOf(piece + letter) > room) {
      found.push(piece);
      piece = '';
    }
    piece += letter;
  }
  return [...found, piece];
}
