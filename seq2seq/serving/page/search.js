/** Finds the targets of a text's parts, and shows each when it is there. */

import { alternativesOf } from "./details.js";
import { batches } from "./sentences.js";

const ROWS = 16; // of a request: a batch is quicker than its rows, and a short one shows sooner
const CHARACTERS = 4000; // of a request

/** Tells each part word by word. */
export async function live(model, parts, output, signal) {
  for (const part of parts) {
    const sentence = output.add(part);
    for await (const found of model.stream(part.text, signal)) sentence.grow(found);
    output.end(sentence);
  }
}

/** Finds the best target of each part, with its alternatives where the model has the signature. */
export async function best(model, parts, output, signal) {
  const many = model.has("nbest");
  await inBatches(parts, output, async (text) => {
    const found = await model.predict(many ? "nbest" : "serving_default", { text }, signal);
    if (many) return alternativesOf(found);
    return found.text.map((each, row) => [{ text: each, score: found.score[row] }]);
  });
}

/** Draws a target of each part; sampling: {temperature, top_k, top_p, seed}, the same for all. */
export async function sample(model, parts, output, signal, sampling) {
  await inBatches(parts, output, async (text) => {
    const inputs = { text };
    for (const [name, value] of Object.entries(sampling)) inputs[name] = text.map(() => value);
    const found = await model.predict("sample", inputs, signal);
    return found.text.map((each) => [{ text: each }]);
  });
}

/** find: texts [B] -> of each, [{text, score}], the first of which is shown. */
async function inBatches(parts, output, find) {
  for (const batch of batches(parts, ROWS, CHARACTERS)) {
    const found = await find(batch.map((part) => part.text));
    found.forEach((alternatives, row) => {
      const sentence = output.add(batch[row]);
      sentence.target = alternatives[0]?.text ?? "";
      if (alternatives[0]?.score !== undefined) sentence.alternatives = alternatives;
      output.end(sentence);
    });
  }
}
