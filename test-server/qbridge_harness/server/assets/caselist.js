// The cases of a run, one row each, and the buttons that show those of one verdict.

import { badge, caseName, duration, h } from "./dom.js";
import { caseReport } from "./report.js";

const ORDER = ["running", "failed", "error", "skipped", "cancelled", "passed"];

export class CaseList {
  constructor() {
    this.rows = new Map();
    this.shown = "";
    this.filters = h("div", { class: "tools", hidden: true });
    this.list = h("div", { id: "cases" });
    this.element = h("div", {}, this.filters, this.list);
  }

  /** How many cases have each verdict; those without one are running. */
  get counts() {
    const counts = {};
    for (const { word } of this.rows.values()) counts[word] = (counts[word] ?? 0) + 1;
    return counts;
  }

  get judged() {
    return [...this.rows.values()].filter(({ word }) => word !== "running").length;
  }

  clear() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  /** What had not ended when the run did. */
  end() {
    for (const [id, { word }] of this.rows) if (word === "running") this.set(id, { verdict: "cancelled" });
  }

  /** Puts a case where it belongs. */
  set(id, facts) {
    const word = facts.verdict ?? "running";
    const element = row(id, word, facts);
    const old = this.rows.get(id);
    if (old) old.element.replaceWith(element);
    else if (word === "running")
      this.list.prepend(element); // What runs now is seen without scrolling.
    else this.list.append(element);
    element.hidden = this.hides(word);
    this.rows.set(id, { word, element });
  }

  draw() {
    const counts = this.counts;
    const words = ORDER.filter((word) => counts[word]);
    const focused = document.activeElement?.dataset?.word;
    const buttons = words.map((word) => {
      const pressed = String(this.shown === word);
      const show = () => this.show(word);
      return h(
        "button",
        { type: "button", "data-word": word, "aria-pressed": pressed, onclick: show },
        `${word} ${counts[word]}`,
      );
    });
    this.filters.hidden = words.length < 2;
    this.filters.replaceChildren(...buttons);
    if (focused) buttons.find((button) => button.dataset.word === focused)?.focus();
  }

  show(word) {
    this.shown = this.shown === word ? "" : word;
    for (const each of this.rows.values()) each.element.hidden = this.hides(each.word);
    this.draw();
  }

  hides(word) {
    return this.shown !== "" && word !== this.shown;
  }
}

/** A line; with a report it can be opened, and is filled then: a thousand cases stay quick. */
function row(id, word, facts) {
  const line = [
    badge(word),
    h("span", { class: "name mono" }, caseName(id)),
    h("span", { class: "time" }, duration(facts.duration_ms)),
  ];
  if (!facts.steps) {
    const reason = facts.reason ? h("p", { class: `reason ${word}` }, facts.reason) : null;
    return h("div", { class: `case ${word}` }, h("div", { class: "summary" }, line), reason);
  }
  const inside = h("div");
  const element = h("details", { class: `case ${word}` }, h("summary", {}, line), inside);
  const fill = () => {
    inside.className = "inside";
    inside.append(caseReport(facts));
  };
  element.addEventListener("toggle", fill, { once: true });
  return element;
}
