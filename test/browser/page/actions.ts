/** What a test may ask of a page or of its worker. */
import { contract, suiteNames } from './contract-actions.ts';
import { shareActions } from './share-actions.ts';
import { storeActions } from './store-actions.ts';

export const actions = { contract, suiteNames, ...storeActions, ...shareActions };
