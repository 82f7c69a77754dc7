// @ts-check
/**
 * @typedef {object} Mutant
 * @property {string} name What is wrong with it, as a sentence.
 * @property {string} file
 * @property {string} find Stands in the file exactly once.
 * @property {string} replace
 * @property {readonly string[]} tests Files, or `file > part of a test's name`: the fastest first.
 */

/** @param {string} test */
export function partsOf(test) {
  const [file = '', ...name] = test.split(' > ');
  return { file, name: name.length === 0 ? undefined : name.join(' > ') };
}

/**
 * The text of the file with the mutant in it. Throws where it does not apply any more.
 *
 * @param {Mutant} mutant
 * @param {string} text
 */
export function mutate({ name, file, find, replace }, text) {
  const count = text.split(find).length - 1;
  if (count !== 1) {
    throw new Error(`mutant "${name}" is to be found once in ${file}, and is there ${count} times`);
  }
  return text.replace(find, () => replace);
}
