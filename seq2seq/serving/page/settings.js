/** Is the form of the settings: offers only what the model has. */

const HINTS = {
  live: "Shown while it is found, by greedy search: each word the likeliest.",
  best: "The best of the model's own search. Choose a sentence to see others, with scores.",
  sample: "Drawn at random. Lower temperatures are safer; the same seed gives the same output.",
};
const NUMBERS = ["temperature", "top_k", "top_p"];
const SEEDS = 2 ** 31;

export class Settings {
  constructor(form, model) {
    this.form = form;
    this.modes = modesOf(model);
    for (const label of form.querySelectorAll("[data-mode]")) {
      label.hidden = !this.modes.includes(label.dataset.mode);
    }
    this.form.elements.mode.value = this.modes[0];
    this.most = mostAlternatives(model);
    const alternatives = this.form.elements.alternatives;
    alternatives.max = this.most;
    alternatives.value = this.most;
    form.addEventListener("change", () => this.#show());
    this.#show();
  }

  get mode() {
    return this.form.elements.mode.value;
  }

  /** "sentence", "paragraph" or "text". */
  get unit() {
    return this.form.elements.unit.value;
  }

  get alternatives() {
    return Math.min(this.form.elements.alternatives.valueAsNumber, this.most);
  }

  /** What `sample` takes beside the text; the seed is the one that was typed, or a new one. */
  sampling() {
    const number = (name) => this.form.elements[name].valueAsNumber;
    const given = Object.fromEntries(NUMBERS.map((name) => [name, number(name)]));
    const seed = number("seed");
    return { ...given, seed: Number.isNaN(seed) ? Math.floor(Math.random() * SEEDS) : seed };
  }

  #show() {
    for (const field of this.form.querySelectorAll("[data-for]")) {
      const single = field.dataset.for === "best" && this.most < 2;
      field.hidden = field.dataset.for !== this.mode || single;
      field.querySelector("input").disabled = field.hidden; // what is not seen is not checked
    }
    this.form.querySelector("#hint").textContent = HINTS[this.mode];
  }
}

function modesOf(model) {
  const has = { live: model.about.stream, best: true, sample: model.has("sample") };
  return Object.keys(has).filter((mode) => has[mode]);
}

/** The N of `nbest`: its output's shape is [-1, N], or [-1, -1] where N is not known. */
function mostAlternatives(model) {
  if (!model.has("nbest")) return 1;
  const shape = model.described("nbest").outputs?.text?.shape ?? [];
  return shape[1] > 0 ? shape[1] : 5;
}
