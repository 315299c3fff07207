// Builds dist/ if it is older than what it is made of: `node mocks/node/scripts/build.mjs`. Packages come by `npm ci`
// when the lock file has changed, the rest by `npm run build` when a source, the contract or a setting has.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const descriptor = join(here, "../../contracts/python/qbridge_contract/descriptor.binpb");

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function digest(files) {
  const hash = createHash("sha256").update(process.version);
  for (const file of files) hash.update(relative(here, file)).update(readFileSync(file));
  return hash.digest("hex");
}

// What is made last is the stamp: a build that broke off is none.
function upToDate(stamp, files, ...npm) {
  const wanted = digest(files);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const run = spawnSync("npm", npm, { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
  if (run.status !== 0) process.exit(run.status ?? 1);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

const settings = ["package.json", "package-lock.json", "tsconfig.json", ".npmrc"].map((name) => join(here, name));
upToDate(join(here, "node_modules/.installed"), settings, "ci");
const made = [...settings, ...sources(join(here, "src")), ...sources(join(here, "scripts")), descriptor];
upToDate(join(here, "dist/.built"), made, "run", "--silent", "build");
