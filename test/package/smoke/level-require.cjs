const { AbstractLevel } = require('abstract-level');
const { OnewalLevel } = require('onewal/level');
const { Store } = require('onewal');
const { isLevelDatabase } = require('./level-scenario.cjs');

isLevelDatabase({ OnewalLevel, AbstractLevel, Store }).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
