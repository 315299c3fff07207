// The pages by the address's hash: #/ cases, #/runs, #/runs/ID, #/compare/BEFORE/AFTER.

import { get } from "./api.js";
import { problem } from "./dom.js";
import { showCases } from "./cases.js";
import { showComparison } from "./compare.js";
import { showRun } from "./run.js";
import { showRuns } from "./runs.js";

const ROUTES = [
  [/^#\/?$/, showCases, "cases", "Cases"],
  [/^#\/runs$/, showRuns, "runs", "Runs"],
  [/^#\/runs\/([^/]+)$/, showRun, "runs", "Run"],
  [/^#\/compare\/([^/]+)\/([^/]+)$/, showComparison, "runs", "Two runs"],
];
let leave = new AbortController();

async function route() {
  if (location.hash === "#main") return;
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const main = document.getElementById("main");
  const matches = ROUTES.map(([pattern, ...rest]) => [(location.hash || "#/").match(pattern), ...rest]);
  const [match, show, page, title] = matches.find(([each]) => each) ?? [["#/"], ...ROUTES[0].slice(1)];
  document.title = `${title} · Q-Bridge harness`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const room = document.createElement("div");
  try {
    await show(room, signal, ...match.slice(1).map(decodeURIComponent));
  } catch (error) {
    room.replaceChildren(problem(error));
  }
  if (signal.aborted) return;
  main.replaceChildren(room);
  room.querySelector("h1")?.focus();
  window.scrollTo(0, 0);
}

async function start() {
  const health = await get("health");
  if (!health.known) await get("cases?prefix=none"); // Asks for the token before anything is shown.
  const { target, version } = health.known ? health : await get("health");
  document.getElementById("target").textContent = target;
  document.getElementById("target").title = `harness ${version}`;
  window.addEventListener("hashchange", route);
  await route();
}

start().catch((error) => document.getElementById("main").replaceChildren(problem(error)));
