/** Joins a tokenizer's pieces to words, and their attention with them. */

const END = "</s>";
const SPACE = /^[\u2581\s]/; // SentencePiece writes a space as U+2581
const CAPITAL = "\u21e7"; // cased subwords put it before a word of which the next letter is a capital
const BYTE = /^<0x([0-9A-F]{2})>$/;
const MARKS = /^(?!['’‐-]$)[\p{P}\p{S}]+$/u;
// Han, kana, Thai, Lao, Tibetan, Burmese, Khmer: no spaces, so each piece is a word.
const ALONE =
  /[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;

/**
 * Joins pieces; each word is a run of them, from `first` to before `last`.
 *
 * ["▁Ein", "▁Hu", "nd", ".", "</s>"] -> [{text: "Ein", first: 0, last: 1}, {text: "Hund", first: 1,
 * last: 3}, {text: ".", first: 3, last: 4}, {text: "", first: 4, last: 5}]; END is the one without text.
 */
export function words(pieces) {
  const found = [];
  pieces.forEach((piece, place) => {
    if (begins(pieces, place)) found.push({ first: place, last: place });
    found.at(-1).last = place + 1;
  });
  return found.map((word) => ({ ...word, text: spelt(pieces.slice(word.first, word.last)) }));
}

/**
 * Says how much each target word took from each source word: the mean over the target's pieces of
 * the sum over the source's. alignments [T, S] -> [target words, source words]; rows still add up to 1.
 */
export function wordWeights(alignments, target, source) {
  return target.map((row) =>
    source.map((column) => {
      const rows = alignments.slice(row.first, row.last);
      const sums = rows.map((each) => total(each.slice(column.first, column.last)));
      return total(sums) / rows.length;
    }),
  );
}

const total = (numbers) => numbers.reduce((sum, each) => sum + each, 0);

function begins(pieces, place) {
  const [before, piece, after = END] = [place - 1, place, place + 1].map((each) => pieces[each]);
  if (place === 0 || piece === END || before === END) return true;
  if (piece === CAPITAL) return SPACE.test(after);
  if (before === CAPITAL) return false;
  if (ALONE.test(piece) || ALONE.test(before)) return true;
  return SPACE.test(piece) || (closes(pieces, place) && !closes(pieces, place - 1));
}

/** Whether only marks stand from here to the end of the word: the "." of "dog.", not that of "3.5". */
function closes(pieces, place) {
  for (let here = place; ; here++) {
    if (!MARKS.test(pieces[here])) return false;
    const next = pieces[here + 1] ?? END;
    if (next === END || SPACE.test(next)) return true;
  }
}

function spelt(pieces) {
  if (pieces[0] === END) return "";
  const bytes = pieces.flatMap((piece) => {
    const byte = BYTE.exec(piece);
    return byte ? [Number.parseInt(byte[1], 16)] : [...new TextEncoder().encode(piece)];
  });
  return new TextDecoder()
    .decode(new Uint8Array(bytes))
    .replaceAll("\u2581", " ")
    .replace(/\u21e7( ?)(.)/gu, (_, space, letter) => space + letter.toUpperCase())
    .trim();
}
