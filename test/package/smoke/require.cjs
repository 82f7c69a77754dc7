const { tryEveryEntry, tryEveryFacade } = require('./scenario.cjs');

const facades = {
  simpleDb: require('onewal/simple-db'),
  storageBackend: require('onewal/storage-backend'),
  kvstore: require('onewal/kvstore'),
};

tryEveryEntry({
  main: require('onewal'),
  node: require('onewal/node'),
  memory: require('onewal/memory'),
  testing: require('onewal/testing'),
  remote: require('onewal/remote'),
  inspect: require('onewal/inspect'),
})
  .then(() => tryEveryFacade(facades))
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
