// The runs that are kept, newest first; two of them can be chosen to compare.

import { get } from "./api.js";
import { announce, badge, duration, h, plural, problem, stateOf, when } from "./dom.js";

const EVERY_MS = 2000;

export async function showRuns(room, signal) {
  const chosen = new Set();
  const rows = h("tbody");
  const compare = h("button", { type: "button", class: "primary", disabled: true, onclick: open }, "Compare");
  const hint = h("p", { class: "soft grow" }, "Choose two runs to compare them.");
  let runs = [];

  /** The earlier one is what the later one is compared with. */
  function open() {
    const [after, before] = runs.filter((run) => chosen.has(run.id)).map((run) => run.id);
    location.hash = `#/compare/${before}/${after}`;
  }

  function choose(id, wanted) {
    if (wanted) chosen.add(id);
    else chosen.delete(id);
    compare.disabled = chosen.size !== 2;
    hint.textContent = chosen.size > 2 ? "Choose two, not more." : "Choose two runs to compare them.";
  }

  function row(run) {
    const over = run.state !== "queued" && run.state !== "running";
    const box = h("input", {
      type: "checkbox",
      "aria-label": `Choose ${run.prefix || "all cases"} of ${when(run.created_at)}`,
      checked: chosen.has(run.id),
      disabled: !over,
      onchange: (event) => choose(run.id, event.target.checked),
    });
    return h(
      "tr",
      {},
      h("td", { class: "narrow choose" }, box),
      h("td", { class: "narrow state" }, badge(stateOf(run))),
      h(
        "td",
        { class: "what" },
        h("a", { href: `#/runs/${run.id}`, class: "mono" }, run.prefix || "all cases"),
        h("span", { class: "soft said" }, run.summary || run.problem || plural(run.planned, "case")),
      ),
      h("td", { class: "num began" }, when(run.created_at)),
      h("td", { class: "num took" }, over ? duration(run.duration_s * 1000) : `${run.finished} of ${run.planned}`),
    );
  }

  async function refresh() {
    const found = await get("runs?limit=200");
    if (JSON.stringify(found) === JSON.stringify(runs)) return;
    const focused = document.activeElement?.getAttribute("aria-label");
    runs = found;
    rows.replaceChildren(...runs.map(row));
    if (focused) [...rows.querySelectorAll("input")].find((box) => box.getAttribute("aria-label") === focused)?.focus();
  }

  await refresh();
  room.append(h("h1", { tabindex: "-1" }, "Runs"));
  if (!runs.length) {
    room.append(h("p", { class: "empty card" }, "Nothing has run yet. ", h("a", { href: "#/" }, "Choose a case.")));
    return;
  }
  room.append(
    h("div", { class: "row" }, hint, compare),
    h(
      "div",
      { class: "card table runs" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", {}, h("span", { class: "hidden" }, "Choose")),
            ["State", "Run"].map((word) => h("th", {}, word)),
            ["Began", "Took"].map((word) => h("th", { class: "num" }, word)),
          ),
        ),
        rows,
      ),
    ),
  );
  announce(plural(runs.length, "run"));
  const timer = setInterval(
    () =>
      refresh().catch((error) => {
        clearInterval(timer);
        room.append(problem(error));
      }),
    EVERY_MS,
  );
  signal.addEventListener("abort", () => clearInterval(timer));
}
