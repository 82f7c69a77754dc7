// @ts-check
/** What the store says of the place where it is kept, and what that means. */
import { byId, element } from '../element.mjs';

/** @import { StoreInfo } from 'onewal' */

const DURABILITY = {
  media: 'A transfer that was confirmed is on the disk: it survives a crash and a power cut.',
  os: 'A crash loses nothing. After a power cut the files of a wallet this young may be gone.',
  none: 'All of it is gone when the program ends.',
  unknown: 'A crash loses nothing. What a power cut does, this browser does not say.',
};
const LOCK = {
  kernel: 'The browser lets nobody else in, and lets go the moment the worker is dead.',
  advisory: 'A heartbeat keeps others out; after a kill they wait some ten seconds.',
  process: 'Only this page is kept from opening it twice.',
  none: 'Nobody is kept out.',
};

/** @param {StoreInfo} info */
export function showHost({ location, durability, lock, generation, sequence }) {
  const [place, name] = location.split(':');
  const where =
    place === 'opfs'
      ? 'In the private file system of this browser.'
      : 'In IndexedDB: this browser has no private file system here.';
  byId('host', HTMLDListElement).replaceChildren(
    ...fact('location', location, name === undefined ? '' : where),
    ...fact('durability', durability, DURABILITY[durability]),
    ...fact('lock', lock, LOCK[lock]),
    ...fact('commits', String(sequence), `The WAL that is written now is number ${generation}.`),
  );
}

/** @param {string} name @param {string} value @param {string} meaning */
function fact(name, value, meaning) {
  return [
    element('dt', name),
    element('dd', element('code.value', value), element('span.meaning', meaning)),
  ];
}
