/** Joins the parts of the page: what is typed, what is asked, what is shown. */

import { Details } from "./details.js";
import { byId } from "./element.js";
import { Output } from "./output.js";
import * as search from "./search.js";
import { split } from "./sentences.js";
import { Model } from "./server.js";
import { Settings } from "./settings.js";

const COPIED = 2000; // milliseconds that the button says so

class Page {
  constructor(model) {
    this.settings = new Settings(byId("settings"), model);
    this.details = new Details(model, this.settings);
    this.output = new Output(byId("output"), (sentence) => this.#show(sentence));
    this.model = model;
    this.running = null; // an AbortController, while something is asked
    this.#introduce();
    this.#listen();
    this.#count();
    byId("run").disabled = false;
  }

  #introduce() {
    const { name, version, serving } = this.model.about;
    document.title = name;
    byId("name").textContent = name;
    const told = [`Version ${version}`];
    const limits = serving?.limits;
    if (limits) {
      const { source_tokens: reads, target_tokens: writes } = limits;
      told.push(`reads ${reads} and writes ${writes} pieces at once`);
    }
    byId("about").textContent = told.join(" · ");
    this.example = this.model.described("serving_default").request?.instances?.[0]?.text;
    byId("example").hidden = !this.example;
  }

  #listen() {
    byId("settings").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    byId("source").addEventListener("input", () => this.#count());
    byId("settings").addEventListener("change", () => this.#count());
    byId("cancel").addEventListener("click", () => this.running?.abort());
    byId("copy").addEventListener("click", () => this.#copy());
    byId("example").addEventListener("click", () => {
      byId("source").value = this.example;
      byId("source").focus();
      this.#count();
    });
    document.addEventListener("keydown", (event) => {
      const hurried = event.ctrlKey || event.metaKey;
      if (event.key === "Enter" && hurried) byId("settings").requestSubmit();
      if (event.key === "Escape") this.running?.abort();
    });
  }

  #parts() {
    return split(byId("source").value, this.settings.unit);
  }

  #count() {
    const count = this.#parts().length;
    byId("count").textContent = count ? counted(count, this.settings.unit) : "";
  }

  async #run() {
    if (this.running) return;
    const parts = this.#parts();
    if (!parts.length) return byId("source").focus();
    const running = new AbortController();
    this.#begin(running);
    const began = performance.now();
    const { mode, unit } = this.settings;
    const sampling = this.settings.sampling();
    try {
      await search[mode](this.model, parts, this.output, running.signal, sampling);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      const drawn = mode === "sample" ? ` · seed ${sampling.seed}` : "";
      this.#tell(`${counted(parts.length, unit)} in ${seconds} s${drawn}`);
      if (parts.length === 1) this.output.choose(this.output.sentences[0]);
    } catch (error) {
      this.#failed(error, running);
    } finally {
      this.#end();
    }
  }

  #begin(running) {
    this.running = running;
    this.output.clear();
    this.details.hide();
    byId("message").hidden = true;
    byId("output").ariaBusy = "true"; // read out once it is whole
    byId("run").ariaDisabled = "true"; // disabled, it would lose the focus
    byId("cancel").hidden = false;
    byId("copy").disabled = true;
    this.#tell("Running…");
  }

  #failed(error, running) {
    if (running.signal.aborted) return this.#tell("Cancelled");
    this.#tell("");
    complain(error.message);
  }

  #end() {
    const left = this.output.sentences.at(-1);
    if (left?.shown.classList.contains("growing")) this.output.end(left);
    this.running = null;
    byId("output").ariaBusy = "false";
    byId("run").ariaDisabled = "false";
    byId("cancel").hidden = true;
    byId("copy").disabled = this.output.text === "";
  }

  #tell(text) {
    byId("status").textContent = text;
  }

  /** Says that the server is busy and will be asked again in so many seconds, or no longer is. */
  wait(seconds) {
    const busy = `The server is busy: trying again in ${seconds} s`;
    if (this.running) this.#tell(seconds ? busy : "Running…");
  }

  #show(sentence) {
    const { sentences } = this.output;
    this.details.show(sentence, sentences.indexOf(sentence), sentences.length);
  }

  async #copy() {
    const button = byId("copy");
    button.textContent = (await copied(this.output.text)) ? "Copied" : "Select it and press Ctrl+C";
    setTimeout(() => (button.textContent = "Copy"), COPIED);
  }
}

const counted = (count, unit) =>
  unit === "text" ? "1 text" : `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text); // there only by https, and on this machine itself
    return true;
  } catch {
    getSelection().selectAllChildren(byId("output"));
    return document.execCommand("copy");
  }
}

function complain(text) {
  byId("message").textContent = text;
  byId("message").hidden = false;
}

function switchTheme() {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme ?? (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

byId("theme").addEventListener("click", switchTheme);
try {
  const page = new Page(await Model.open((seconds) => page.wait(seconds)));
} catch (error) {
  byId("about").textContent = "";
  complain(error.message);
}
