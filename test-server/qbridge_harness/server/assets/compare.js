// Two runs side by side: verdicts and rules that changed, and what became slower or faster.

import { get } from "./api.js";
import { announce, badge, caseName, duration, h, plural, stateOf, when } from "./dom.js";

export async function showComparison(room, signal, before, after) {
  const found = await get(`compare?before=${encodeURIComponent(before)}&after=${encodeURIComponent(after)}`);
  room.append(
    ...[
      h(
        "div",
        { class: "row" },
        h("h1", { class: "grow", tabindex: "-1" }, "Two runs"),
        h("a", { class: "button", href: `#/compare/${after}/${before}` }, "Swap"),
      ),
      h(
        "div",
        { class: "sides" },
        side("Before", found.before),
        h("span", { class: "arrow", "aria-hidden": "true" }, "→"),
        side("After", found.after),
      ),
      h("p", { id: "told", class: "lead" }, told(found)),
      part("Verdicts that changed", "changed-verdicts", found.verdicts, ["Case", "Before", "After"], (each) => [
        h(
          "td",
          {},
          h("span", { class: "mono" }, caseName(each.id)),
          each.reason ? h("span", { class: "soft said" }, each.reason) : null,
        ),
        h("td", { class: "narrow" }, badge(each.before)),
        h("td", { class: "narrow" }, badge(each.after)),
      ]),
      part("Rules that changed", "changed-rules", found.rules, ["Rule", "Before", "After"], (each) => [
        h("td", {}, h("span", { class: "mono" }, each.rule, h("span", { class: "axis" }, each.transport))),
        h("td", { class: "narrow" }, badge(each.before)),
        h("td", { class: "narrow" }, badge(each.after)),
      ]),
      part("Durations that changed", "changed-durations", found.durations, ["Case", "Before", "After", ""], (each) => [
        h("td", { class: "mono" }, caseName(each.id)),
        h("td", { class: "num" }, duration(each.before_ms)),
        h("td", { class: "num" }, duration(each.after_ms)),
        h(
          "td",
          { class: `num ${each.ratio > 1 ? "slower" : "faster"}` },
          each.ratio > 1 ? `${each.ratio.toFixed(1)} × slower` : `${(1 / each.ratio).toFixed(1)} × faster`,
        ),
      ]),
      only("Only in the earlier run", found.only_before),
      only("Only in the later run", found.only_after),
    ].filter(Boolean),
  );
  announce(told(found));
}

function side(word, run) {
  return h(
    "a",
    { class: "card side", href: `#/runs/${run.id}` },
    h("span", { class: "soft" }, `${word} · ${when(run.created_at)}`),
    h("b", { class: "mono" }, run.prefix || "all cases"),
    badge(stateOf(run)),
    h("span", { class: "soft" }, run.summary || run.problem || ""),
  );
}

function told(found) {
  const { verdicts, rules, durations, same } = found;
  const changes = [
    [verdicts.length, "verdict"],
    [rules.length, "rule"],
    [durations.length, "duration"],
  ].filter(([count]) => count);
  const changed = changes.length
    ? `${changes.map(([count, word]) => plural(count, word)).join(", ")} changed`
    : "Nothing changed";
  return `${changed}; ${plural(same, "case")} with the same verdict.`;
}

function part(title, id, rows, heads, cells) {
  if (!rows.length) return null;
  return h(
    "section",
    { id },
    h("h2", {}, `${title} (${rows.length})`),
    h(
      "div",
      { class: "card table" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((word, index) => h("th", { class: index && title.startsWith("Dur") ? "num" : "" }, word)),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((row) => h("tr", {}, cells(row))),
        ),
      ),
    ),
  );
}

function only(title, names) {
  if (!names.length) return null;
  return h(
    "section",
    {},
    h("h2", {}, `${title} (${names.length})`),
    h(
      "ul",
      { class: "card rows plain" },
      names.map((name) => h("li", { class: "mono" }, h("span", {}, caseName(name)))),
    ),
  );
}
