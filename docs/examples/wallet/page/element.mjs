// @ts-check
/** Elements of the page: made with text and never with markup, found by their ids. */

/**
 * `words`: a tag and its classes, with points between them.
 *
 * @param {string} words
 * @param {(string | Node)[]} children
 */
export function element(words, ...children) {
  const [tag = 'div', ...classes] = words.split('.');
  const made = document.createElement(tag);
  made.classList.add(...classes);
  made.append(...children);
  return made;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} ${id}`);
  return found;
}
