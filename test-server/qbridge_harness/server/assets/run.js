// One run: live while it goes on, its report afterwards.

import { get, post, save, startRun } from "./api.js";
import { CaseList } from "./caselist.js";
import { announce, badge, duration, h, plural, problem, stateOf, when } from "./dom.js";
import { follow } from "./events.js";

const SPEAK_EVERY_MS = 5000;
const BAR = ["passed", "failed", "error", "skipped"];

export async function showRun(room, signal, id) {
  const run = await get(`runs/${id}`);
  const view = new RunView(run);
  room.append(view.element);
  if (!view.over) view.live(signal);
  else if (run.report) view.finish(run);
  else await view.replay(signal);
}

class RunView {
  constructor(run) {
    this.run = run;
    this.path = `runs/${run.id}`;
    this.spoken = Date.now();
    this.cases = new CaseList();
    this.state = h("span", { id: "state" });
    this.said = h("p", { id: "progress", class: "soft" });
    const range = { "aria-label": "Cases judged", "aria-valuemin": "0", "aria-valuemax": String(run.planned) };
    this.bar = h("div", { class: "bar", role: "progressbar", ...range });
    this.facts = h("div", { class: "meta" });
    this.actions = h("div", { class: "actions" });
    this.notice = h("div");
    const cancel = () => this.cancel();
    this.cancelButton = h("button", { type: "button", id: "cancel", class: "danger", onclick: cancel }, "Cancel");
    const name = h("span", { class: "mono" }, this.name);
    const title = h("h1", { tabindex: "-1", class: "grow" }, name, " ", this.state);
    const head = h("div", { class: "row" }, title, this.actions);
    this.element = h("div", {}, head, this.facts, this.bar, this.said, this.notice, this.cases.element);
    this.draw();
  }

  get name() {
    return this.run.prefix || "all cases";
  }

  get over() {
    return this.run.state !== "queued" && this.run.state !== "running";
  }

  /** Follows it; each event changes one row. */
  live(signal) {
    const lost = h("p", { class: "notice skipped" }, "The connection is lost. Trying again …");
    const onLost = (isLost) => this.notice.replaceChildren(...(isLost ? [lost] : []));
    follow(this.path, (kind, data) => this.take(kind, data), { signal, onLost })
      .then(async () => {
        if (!signal.aborted) this.finish(await get(this.path));
      })
      .catch((error) => this.complain(error));
  }

  /** A run without a report still has its events. */
  async replay(signal) {
    await follow(this.path, (kind, data) => this.take(kind, data), { signal });
    this.finish(this.run);
  }

  take(kind, data) {
    if (kind === "run") this.run.state = this.over ? this.run.state : data.state;
    if (kind === "start") this.cases.set(data.id, {});
    if (kind === "case") this.cases.set(data.id, data);
    this.draw();
    if (Date.now() - this.spoken > SPEAK_EVERY_MS) {
      this.spoken = Date.now();
      announce(this.said.textContent);
    }
  }

  finish(run) {
    this.run = run;
    if (run.report) {
      this.cases.clear();
      for (const each of run.report.cases) this.cases.set(each.id, each);
    } else {
      this.cases.end();
    }
    const mood = run.state === "cancelled" ? "skipped" : "failed";
    if (run.problem) this.notice.replaceChildren(h("p", { class: `notice ${mood}` }, run.problem));
    this.draw();
    announce(`${this.name}: ${stateOf(run)}. ${run.summary || run.problem || ""}`);
  }

  draw() {
    const counts = this.cases.counts;
    const judged = this.over ? this.run.finished : this.cases.judged;
    this.state.replaceChildren(badge(stateOf(this.run)));
    this.said.textContent = this.words(judged, counts.failed);
    this.bar.setAttribute("aria-valuenow", String(judged));
    const parts = BAR.filter((word) => counts[word]).map((word) => grown(h("span", { class: word }), counts[word]));
    this.bar.replaceChildren(...parts, grown(h("span"), Math.max(0, this.run.planned - judged)));
    this.drawFacts();
    this.drawActions();
    this.cases.draw();
  }

  words(judged, failed) {
    const all = plural(this.run.planned, "case");
    if (this.run.state === "queued") return "It waits for its turn.";
    if (this.over) return this.run.summary || `${judged} of ${all} judged`;
    return `${judged} of ${all} judged${failed ? `, ${failed} failed` : ""}`;
  }

  drawFacts() {
    const { target, seed, started_at, created_at, duration_s } = this.run;
    const took = this.over && duration_s ? duration(duration_s * 1000) : "";
    const facts = { target, seed, began: when(started_at || created_at), took };
    const shown = Object.entries(facts).filter(([, value]) => value);
    this.facts.replaceChildren(
      ...shown.map(([word, value]) => h("span", {}, `${word} `, h("b", { class: "mono" }, value))),
    );
  }

  /** Drawn anew only when others are there, so that the focus stays where it is. */
  drawActions() {
    const wanted = this.over ? `over ${Boolean(this.run.report)}` : "live";
    if (this.actions.dataset.drawn === wanted) return;
    this.actions.dataset.drawn = wanted;
    const button = (word, onclick) => h("button", { type: "button", onclick }, word);
    const keep = (accept, ending) => () =>
      save(this.path, accept, `${this.run.id}.${ending}`).catch((error) => this.complain(error));
    const over = [button("Run again", () => this.again())];
    if (this.run.report) {
      over.push(button("Save as a page", keep("text/html", "html")));
      over.push(button("Save as JSON", keep("application/json", "json")));
    }
    this.actions.replaceChildren(...(this.over ? over : [this.cancelButton]));
  }

  async cancel() {
    this.cancelButton.disabled = true;
    this.cancelButton.textContent = "Cancelling …";
    announce("Cancelling");
    await post(`${this.path}/cancel`).catch((error) => this.complain(error));
  }

  /** The same cases and options; the values of variables are not kept, so those are the server's. */
  async again() {
    const { jobs, fail_fast } = this.run.options;
    await startRun(this.run.prefix, { jobs, fail_fast })
      .then((id) => (location.hash = `#/runs/${id}`))
      .catch((error) => this.complain(error));
  }

  complain(error) {
    this.notice.replaceChildren(problem(error));
  }
}

function grown(element, share) {
  element.style.flexGrow = share;
  return element;
}
