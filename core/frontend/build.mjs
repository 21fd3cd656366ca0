// Bundle every file of src/ with what it takes from node_modules, and write the licences of what was taken.
// Usage: node build.mjs [folder]. Without a folder: the one that the web application serves.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.resolve(process.argv[2] ?? path.join(here, "../watchfloor/web/static/vendor"));

/** The folders, relative to `here`, of the packages that the bundles took something from. */
function packageFolders(metafile) {
  const folder = /^node_modules\/(?:@[^/]+\/)?[^/]+/;
  const found = Object.keys(metafile.inputs).flatMap((input) => input.match(folder) ?? []);
  return [...new Set(found)].sort();
}

async function licence(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(here, folder, "package.json"), "utf8"));
  const file = (await readdir(path.join(here, folder))).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined) throw new Error(`${name} ${version} comes without a licence file`);
  const text = await readFile(path.join(here, folder, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: (await readdir(path.join(here, "src"))).map((file) => `src/${file}`),
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16.4"],
  loader: { ".woff2": "file" },
  assetNames: "[name]",
  charset: "utf8",
  legalComments: "none", // LICENSES.txt holds the whole texts
  metafile: true,
  logLevel: "warning",
});
const licences = await Promise.all(packageFolders(metafile).map(licence));
await writeFile(path.join(outdir, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));
