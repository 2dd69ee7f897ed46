/** Shows the targets of a text in place, each of which can be chosen. */

import { element } from "./element.js";
import { between } from "./sentences.js";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** Is a part of the text, and its target as far as it is found. */
export class Sentence {
  /** part: {text, after}, as `split` gives it. */
  constructor(part) {
    this.part = part;
    this.shown = element("span", { class: "sentence growing" });
    this.gap = document.createTextNode("");
    this.alternatives = null; // [{text, score}], once they are known
    this.detail = null; // the answer of `detailed`, once it is known
  }

  get target() {
    return this.shown.textContent;
  }

  set target(text) {
    this.shown.textContent = text;
    this.gap.data = between(this.part, text);
  }

  /** Adds to the target what was found since. */
  grow(text) {
    this.shown.append(text);
  }

  end() {
    this.target = this.target; // joins what was added into one text
    this.shown.classList.remove("growing");
    this.shown.role = "button";
    this.shown.ariaPressed = "false";
    this.shown.tabIndex = -1;
  }
}

export class Output {
  /** onChosen(sentence) is called with each sentence that is chosen. */
  constructor(place, onChosen) {
    this.place = place;
    this.onChosen = onChosen;
    this.sentences = [];
    place.addEventListener("click", (event) => this.#chosen(event.target));
    place.addEventListener("keydown", (event) => this.#pressed(event));
  }

  get text() {
    return this.place.textContent.trim();
  }

  clear() {
    this.sentences = [];
    this.place.replaceChildren();
  }

  /** Begins the next sentence. */
  add(part) {
    const sentence = new Sentence(part);
    this.sentences.push(sentence);
    this.place.append(sentence.shown, sentence.gap);
    return sentence;
  }

  end(sentence) {
    sentence.end();
    if (sentence === this.sentences[0]) sentence.shown.tabIndex = 0;
  }

  choose(sentence) {
    for (const each of this.sentences) {
      if (each.shown.role !== "button") continue;
      each.shown.ariaPressed = String(each === sentence);
      each.shown.tabIndex = each === sentence ? 0 : -1;
    }
    this.onChosen(sentence);
  }

  #chosen(shown) {
    const sentence = this.sentences.find((each) => each.shown === shown);
    const selecting = String(getSelection()) !== "";
    if (sentence?.shown.role === "button" && !selecting) this.choose(sentence);
  }

  #pressed(event) {
    const place = this.sentences.findIndex((each) => each.shown === event.target);
    if (place < 0) return;
    if (event.key === "Enter" || event.key === " ") {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.choose(this.sentences[place]);
    } else if (event.key in STEPS) {
      event.preventDefault();
      const next = this.sentences[place + STEPS[event.key]];
      if (next?.shown.role !== "button") return;
      event.target.tabIndex = -1;
      next.shown.tabIndex = 0;
      next.shown.focus();
    }
  }
}
