/** Draws attention as a table: a row a target word, a column a source word. */

import { element } from "./element.js";
import { words, wordWeights } from "./words.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const HOW = "Point at a cell, or go there by Tab and arrow keys.";

/** An answer of `detailed`, of one text -> elements: the table, and a line that tells of a cell. */
export function heatMap({ pieces, source_pieces, alignments }) {
  const target = words(pieces);
  const source = words(source_pieces);
  const weights = wordWeights(alignments, target, source);
  const readout = element("p", { class: "readout", "aria-hidden": "true" }, HOW);
  const table = element("table", { class: "heat-map" }, caption(), head(source));
  const body = table.createTBody();
  weights.forEach((row, place) => body.append(line(target[place], row)));
  const cells = [...body.rows].map((row) => [...row.querySelectorAll("td")]);
  cells[0][0].tabIndex = 0;
  const tell = ({ target: cell }) => {
    const at = whereIs(cells, cell);
    if (!at) return;
    const [row, column] = at;
    const spelling = [target[row], source[column]].map(named);
    readout.textContent = `${spelling[0]} ← ${spelling[1]}: ${shown(weights[row][column])}`;
  };
  table.addEventListener("pointerover", tell);
  table.addEventListener("focusin", tell);
  table.addEventListener("keydown", (event) => move(event, cells));
  return [readout, element("div", { class: "wide" }, table)];
}

const shown = (weight) => weight.toFixed(2);
const named = (word) => word.text || "end";

function caption() {
  const about = "How much of each source word went into each target word";
  return element("caption", { class: "unseen" }, about);
}

function heading(word, scope) {
  const kind = word.text ? "word" : "word end";
  return element("th", { scope, class: kind }, element("span", { dir: "auto" }, named(word)));
}

function head(source) {
  const row = element("tr", {}, element("td"), ...source.map((word) => heading(word, "col")));
  return element("thead", {}, row);
}

function line(word, weights) {
  const cells = weights.map((weight) => {
    const number = element("span", { class: "unseen" }, shown(weight));
    const cell = element("td", { tabindex: -1 }, number);
    cell.style.setProperty("--weight", weight.toFixed(4));
    return cell;
  });
  return element("tr", {}, heading(word, "row"), ...cells);
}

function whereIs(cells, cell) {
  const row = cells.findIndex((each) => each.includes(cell));
  return row < 0 ? null : [row, cells[row].indexOf(cell)];
}

/** Moves the focus by arrow keys, Home and End; Tab leaves the table. */
function move(event, cells) {
  const at = whereIs(cells, event.target);
  if (!at) return;
  const [row, column] = at;
  const [down, right] = STEPS[event.key] ?? [0, 0];
  const ends = { Home: 0, End: cells[row].length - 1 };
  const next = cells[row + down]?.[ends[event.key] ?? column + right];
  if (!next || next === event.target) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
