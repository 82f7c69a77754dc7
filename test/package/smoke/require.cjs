const { tryEveryEntry } = require('./scenario.cjs');

tryEveryEntry({
  main: require('onewal'),
  node: require('onewal/node'),
  memory: require('onewal/memory'),
  testing: require('onewal/testing'),
}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
