// @ts-check
/** What becomes of a request to IndexedDB. @param {any} request @returns {Promise<any>} */
export function outcomeOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
