// The form that starts a run, and the plan of one that is not started.

import { post, runPath, startRun } from "./api.js";
import { announce, caseName, duration, h, plural, problem } from "./dom.js";

/** Where to begin, how, and what it would be. */
export function startForm(prefixes) {
  const prefix = h("input", {
    id: "prefix",
    list: "prefixes",
    class: "mono",
    placeholder: "smoke, or smoke/echo; empty runs all",
    autocomplete: "off",
    spellcheck: "false",
  });
  const seed = h("input", { id: "seed", class: "mono", placeholder: "a new one", autocomplete: "off" });
  const jobs = h("input", { id: "jobs", type: "number", min: "1", max: "64", placeholder: "as started" });
  const failFast = h("input", { id: "fail-fast", type: "checkbox" });
  const variables = h("textarea", {
    id: "variables",
    class: "mono",
    rows: "2",
    placeholder: "NAME=VALUE, one a line",
    spellcheck: "false",
  });
  const below = h("div", { id: "plan" });

  function body() {
    const lines = variables.value
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    const bad = lines.find((line) => !/^[A-Za-z_]\w*=/.test(line));
    if (bad) throw new Error(`A variable is written NAME=VALUE, not “${bad}”.`);
    return {
      ...(seed.value.trim() && { seed: seed.value.trim() }),
      ...(jobs.value && { jobs: Number(jobs.value) }),
      ...(failFast.checked && { fail_fast: true }),
      variables: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))),
    };
  }

  async function run(value) {
    try {
      location.hash = `#/runs/${await startRun(value, body())}`;
    } catch (error) {
      below.replaceChildren(problem(error));
      below.scrollIntoView({ block: "nearest" });
    }
  }

  async function plan() {
    try {
      const found = await post(`${runPath(prefix.value.trim())}?dry_run=true`, body());
      below.replaceChildren(planCard(found, () => below.replaceChildren()));
      announce(`Plan of ${plural(found.cases.length, "case")}`);
    } catch (error) {
      below.replaceChildren(problem(error));
    }
  }

  const element = h(
    "form",
    {
      class: "card start",
      onsubmit: (event) => {
        event.preventDefault();
        run(prefix.value.trim());
      },
    },
    h(
      "div",
      { class: "row" },
      h("label", { class: "grow", for: "prefix" }, "Case, or the beginning of several"),
      h(
        "div",
        { class: "row grow nowrap" },
        prefix,
        h(
          "datalist",
          { id: "prefixes" },
          prefixes.map((value) => h("option", { value })),
        ),
      ),
      h("button", { class: "primary", id: "start" }, "Run"),
      h("button", { type: "button", onclick: plan }, "Show the plan"),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Options"),
      h(
        "div",
        { class: "options" },
        h("label", {}, "Seed", seed),
        h("label", {}, "Cases at once", jobs),
        h("label", { class: "wide-field" }, "Variables", variables),
        h("label", { class: "check" }, failFast, "Stop at the first failure"),
      ),
    ),
    below,
  );
  return { element, run };
}

function planCard(plan, close) {
  const sizes = [plural(plan.cases.length, "case"), plural(plan.steps, "step"), plural(plan.rules.length, "rule")];
  const counts = sizes.join(", ");
  const time =
    plan.estimated_s === null ? "no earlier run tells how long it takes" : `about ${duration(plan.estimated_s * 1000)}`;
  return h(
    "section",
    { class: "plan", "aria-label": "Plan" },
    h(
      "div",
      { class: "row" },
      h("h2", {}, "The plan"),
      h("p", { class: "soft grow" }, `${counts}; ${time}`),
      h("button", { type: "button", onclick: close }, "Close"),
    ),
    h(
      "p",
      { class: "soft" },
      "It would contact ",
      plan.contacts.map((each, index) => [index ? " and " : "", h("code", {}, each)]),
      ", and nothing else.",
    ),
    h(
      "div",
      { class: "scroll" },
      plan.cases.map((each) =>
        h(
          "details",
          {},
          h(
            "summary",
            {},
            h("span", { class: "name mono" }, caseName(each.id)),
            h("span", { class: "time" }, duration(each.estimated_ms)),
          ),
          each.proves.length
            ? h(
                "p",
                {},
                "proves ",
                each.proves.map((rule) => h("span", { class: "tag mono" }, rule)),
              )
            : null,
          Object.entries(each.needs).map(([name, value]) => h("p", {}, `needs ${name}: ${value}`)),
          h(
            "ol",
            {},
            each.steps.map((step) =>
              h(
                "li",
                {},
                h("span", { class: "soft" }, `${step.phase} `),
                step.kind,
                " ",
                h("span", { class: "mono" }, step.title),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
