// Runs a program in Pyodide: node pyodide.mjs DISTRIBUTION PROGRAM '{"/path inside": "/path here", …}'
import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [distribution, program, places] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${distribution}/pyodide.mjs`));
const python = await loadPyodide({ packageBaseUrl: `${distribution}/` });
await python.loadPackage(["numpy", "pydantic"], { messageCallback: () => {} });
for (const [inside, here] of Object.entries(JSON.parse(places))) {
  if (statSync(here).isFile()) {
    python.FS.writeFile(inside, readFileSync(here));
  } else {
    python.FS.mkdirTree(inside);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: here }, inside);
  }
}
try {
  python.runPython(readFileSync(program, "utf8"));
} catch (error) {
  console.error(error.message); // node would show all of Pyodide beside it
  process.exitCode = 1;
}
