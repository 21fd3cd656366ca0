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

/** The files of a package that say under what it may be passed on, and whose it is. */
async function legalFiles(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /^(licen[cs]e|notice)(\.|$)/i.test(entry.name));
  const inner = entries.some(({ name }) => name === "licenses") ? await readdir(path.join(folder, "licenses")) : [];
  return [...files.map(({ name }) => name), ...inner.map((name) => `licenses/${name}`)];
}

async function licence(folder) {
  const place = path.join(here, folder);
  const { name, version, license } = JSON.parse(await readFile(path.join(place, "package.json"), "utf8"));
  const files = await legalFiles(place);
  if (!files.some((file) => /^licen/i.test(file))) throw new Error(`${name} ${version} comes without a licence file`);
  const texts = await Promise.all(files.map((file) => readFile(path.join(place, file), "utf8")));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`;
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
