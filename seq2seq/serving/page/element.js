/** Makes elements; text is always text, never markup. */

/** ("td", {class: "cell", tabindex: -1}, "0.5") -> <td class="cell" tabindex="-1">0.5</td>. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Finds an element of the page by its id. */
export const byId = (id) => document.getElementById(id);
