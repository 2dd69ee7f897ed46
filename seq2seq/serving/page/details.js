/** Tells of one sentence: its alternatives with scores, and where its words were read off. */

import { byId, element } from "./element.js";
import { heatMap } from "./heat_map.js";

const NONE = -1e8; // scores below stand for alternatives that the search did not find

/** An answer of `nbest` about B texts -> the alternatives of each, [{text, score}], best first. */
export function alternativesOf({ text, score }) {
  return text.map((texts, row) =>
    texts
      .map((each, place) => ({ text: each, score: score[row][place] }))
      .filter((each) => each.score > NONE),
  );
}

export class Details {
  constructor(model, settings) {
    this.model = model;
    this.settings = settings;
    this.asking = new AbortController();
  }

  hide() {
    this.asking.abort();
    byId("details").hidden = true;
  }

  /** Shows a sentence, and asks the server for what is not known of it. */
  async show(sentence, place, count) {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    byId("details").hidden = false;
    byId("details-title").textContent = count > 1 ? `Sentence ${place + 1} of ${count}` : "Details";
    byId("read").textContent = sentence.part.text;
    byId("read").hidden = count === 1;
    await Promise.all([this.#alternatives(sentence, signal), this.#attention(sentence, signal)]);
  }

  async #alternatives(sentence, signal) {
    const place = byId("alternatives");
    place.hidden = !sentence.alternatives && !this.model.has("nbest");
    if (place.hidden) return;
    await shownIn(place, "Alternatives", signal, async () => {
      const inputs = { text: [sentence.part.text] };
      sentence.alternatives ??= alternativesOf(
        await this.model.predict("nbest", inputs, signal),
      )[0];
      return [this.#ranked(sentence)];
    });
  }

  #ranked(sentence) {
    const shown = sentence.alternatives.slice(0, this.settings.alternatives);
    const list = element("ol", { class: "ranked" });
    for (const { text, score } of shown) {
      const use = element("button", {
        type: "button",
        class: "quiet",
        "aria-label": `Use: ${text}`,
      });
      use.addEventListener("click", () => {
        sentence.target = text;
        mark(list, text);
      });
      const said = element("span", { class: "score", title: "score" }, signed(score));
      const target = element("span", { class: "text", dir: "auto" }, text);
      list.append(element("li", {}, said, target, use));
    }
    mark(list, sentence.target);
    return list;
  }

  async #attention(sentence, signal) {
    const place = byId("attention");
    place.hidden = !this.model.has("detailed");
    if (place.hidden) return;
    await shownIn(place, "Attention", signal, async () => {
      const inputs = { text: [sentence.part.text] };
      sentence.detail ??= only(await this.model.predict("detailed", inputs, signal));
      return [...this.#notes(sentence), ...heatMap(sentence.detail)];
    });
  }

  *#notes({ detail, target }) {
    const most = this.model.about.serving?.limits?.source_tokens;
    if (detail.source_pieces.length >= most) {
      yield note(`The model reads ${most} pieces at once: it may not have read the end.`);
    }
    if (detail.text !== target) yield note(`Of the model's best target: ${detail.text}`);
  }
}

const signed = (score) => score.toFixed(2).replace("-", "\u2212");
const note = (text) => element("p", { class: "note", dir: "auto" }, text);

/** Marks the alternative that stands in the output. */
function mark(list, target) {
  for (const line of list.children) {
    const current = line.querySelector(".text").textContent === target;
    line.ariaCurrent = String(current);
    line.querySelector("button").textContent = current ? "Shown" : "Use";
  }
}

/** Takes the only row of an answer of `detailed`, without what stands behind its lengths. */
function only(answer) {
  const [length, sourceLength] = [answer.length[0], answer.source_length[0]];
  return {
    text: answer.text[0],
    pieces: answer.pieces[0].slice(0, length),
    source_pieces: answer.source_pieces[0].slice(0, sourceLength),
    alignments: answer.alignments[0].slice(0, length),
  };
}

/** Fills a section with what comes, or with why it does not. */
async function shownIn(place, title, signal, make) {
  const heading = element("h3", {}, title);
  place.replaceChildren(heading, note("Asking…"));
  try {
    const made = await make();
    if (!signal.aborted) place.replaceChildren(heading, ...made);
  } catch (error) {
    if (!signal.aborted) place.replaceChildren(heading, note(error.message));
  }
}
