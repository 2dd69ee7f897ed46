/** Splits a text into what the model reads at once, and puts its answers together again. */

// After these, a full stop ends no sentence; nor does it after an initial.
const SHORT =
  /(?:^|[\s(])(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|vs|No|Nr|Fig|bzw|ca|e\.g|i\.e|z\.\s?B)\.\s*$/u;
// Without Intl.Segmenter: up to marks that end a sentence, and what closes with them.
const ENDED = /.+?(?:[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？]+[」』”）]*|$)\s*/gsu;
// Scripts that put no space between sentences.
const UNSPACED = /[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]$/;

/**
 * Splits by "sentence", "paragraph" or "text".
 *
 * "A dog. It runs.\n\nHere." -> [{text: "A dog.", after: " "}, {text: "It runs.", after: "\n\n"},
 * {text: "Here.", after: null}] by sentence: the last has nothing after it.
 */
export function split(text, unit) {
  const whole = text.trim();
  if (!whole) return [];
  if (unit === "text") return [{ text: whole, after: null }];
  const parts = [];
  const paragraphs = whole.split(/(\s*\n\s*)/); // and, at each second place, what is between them
  for (let place = 0; place < paragraphs.length; place += 2) {
    const found = unit === "sentence" ? sentences(paragraphs[place]) : [paragraphs[place]];
    parts.push(...found.map(trimmed));
    parts.at(-1).after = paragraphs[place + 1] ?? null;
  }
  return parts;
}

/** Says what stands between a target and the next one: what stood between their sources. */
export function between(part, target) {
  return part.after === "" && !UNSPACED.test(target) ? " " : (part.after ?? "");
}

/** Makes batches of at most so many rows, and of so many characters unless one row has more. */
export function batches(parts, rows, characters) {
  const made = [];
  let size = Infinity;
  for (const part of parts) {
    size += part.text.length;
    if (size > characters || made.at(-1).length === rows) {
      made.push([]);
      size = part.text.length;
    }
    made.at(-1).push(part);
  }
  return made;
}

function sentences(paragraph) {
  const joined = [];
  for (const found of segments(paragraph)) {
    if (joined.length && SHORT.test(joined.at(-1))) joined.push(joined.pop() + found);
    else joined.push(found);
  }
  return joined;
}

function segments(paragraph) {
  if (!Intl.Segmenter) return paragraph.match(ENDED);
  const segmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });
  return [...segmenter.segment(paragraph)].map((each) => each.segment);
}

function trimmed(text) {
  const kept = text.trim();
  return { text: kept, after: text.slice(text.indexOf(kept) + kept.length) };
}
