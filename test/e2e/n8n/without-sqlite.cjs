// n8n's AI agent loads sqlite3, for an SQL agent that nothing here uses; its binary cannot be fetched everywhere that these
// tests run. Whoever really used it would be told.
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== 'sqlite3') return load.call(this, request, ...rest);
  const missing = () => {
    throw new Error('sqlite3 is not there in this run of n8n');
  };
  return { Database: missing, verbose: missing };
};
