// Run by plain node, as `node load-child.cjs <folder> <entry point…>`: requires each as n8n does (its class is named after the file) and
// writes what n8n would learn from it to descriptor 3, a JSON object a line.
const { writeSync } = require('node:fs');
const { join, posix } = require('node:path');

const [folder, ...paths] = process.argv.slice(2);
for (const path of paths) {
  try {
    const [className] = posix.basename(path).split('.');
    const exported = require(join(folder, path));
    if (typeof exported[className] !== 'function') throw new Error(`It exports no class ${className}`);
    const instance = new exported[className]();
    const { name, icon, version } = instance.description ?? instance;
    answer({ path, name, icon, version });
  } catch (error) {
    answer({ path, failed: String(error.message).split('\n')[0] });
  }
}

function answer(loaded) {
  writeSync(3, `${JSON.stringify(loaded)}\n`);
}
