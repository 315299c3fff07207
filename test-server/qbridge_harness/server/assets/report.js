// What came of one case: the reason, its steps, the messages on the wire.

import { duration, h, plural } from "./dom.js";

export function caseReport(result) {
  const parts = [
    result.purpose ? h("p", { class: "soft" }, result.purpose) : null,
    result.reason ? h("p", { class: `reason ${result.verdict}` }, result.reason) : null,
    h(
      "p",
      { class: "chips" },
      result.proves.map((rule) =>
        h("span", { class: `tag mono${(result.tripped ?? []).includes(rule) ? " failed" : ""}` }, rule),
      ),
      h("span", { class: "soft mono" }, `${result.file}:${result.line}`),
    ),
    result.steps.length ? steps(result.steps) : null,
    result.messages.length ? wire(result) : null,
  ];
  return h("div", {}, parts);
}

function steps(all) {
  return h(
    "div",
    { class: "table" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h("tr", {}, h("th", {}, "Step"), h("th", {}, "What came of it"), h("th", { class: "num" }, "Took")),
      ),
      h(
        "tbody",
        {},
        all.map((step) =>
          h(
            "tr",
            {},
            h(
              "td",
              {},
              h(
                "span",
                { class: `dot ${step.verdict}`, "aria-label": step.verdict },
                step.verdict === "passed" ? "✓" : "✗",
              ),
              " ",
              step.title,
              h("span", { class: "soft said" }, `${step.phase}, line ${step.line}`),
            ),
            h(
              "td",
              {},
              step.problems.map((text) => h("p", { class: "problem" }, text)),
              step.attempts > 1 ? h("p", { class: "soft" }, `${step.attempts} tries`) : null,
            ),
            h("td", { class: "num" }, duration(step.duration_ms)),
          ),
        ),
      ),
    ),
  );
}

function wire(result) {
  return h(
    "details",
    { class: "wire" },
    h("summary", {}, plural(result.messages.length, "message"), " on the wire"),
    result.messages.map((message) =>
      h(
        "div",
        { class: "msg" },
        h("span", { class: "time" }, `+${duration(message.at_ms)}`),
        h(
          "span",
          { class: message.direction, "aria-label": message.direction },
          message.direction === "sent" ? "→" : "←",
        ),
        h(
          "div",
          {},
          h("span", { class: "mono" }, message.title),
          " ",
          h("span", { class: "soft" }, message.transport),
          message.text ? h("pre", {}, message.text) : null,
        ),
      ),
    ),
  );
}
