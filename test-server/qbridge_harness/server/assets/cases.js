// What there is to run: the cases by suite, filters, and a button for each.

import { get } from "./api.js";
import { announce, h, plural } from "./dom.js";
import { startForm } from "./start.js";

export async function showCases(room, signal) {
  const cases = await get("cases");
  const form = startForm([...new Set(cases.flatMap((each) => [suiteOf(each.id), baseOf(each.id)]))].sort());
  const list = h("div", { class: "suites" });
  const count = h("p", { class: "soft count" });
  const filters = filterBar(cases, () => draw());

  function draw() {
    const chosen = cases.filter(filters.matches);
    const all = plural(cases.length, "case");
    count.textContent = chosen.length === cases.length ? all : `${chosen.length} of ${all}`;
    list.replaceChildren(
      ...(chosen.length
        ? suites(chosen).map((suite) => suiteCard(suite, form.run))
        : [h("p", { class: "empty" }, "No case is like that. Clear a filter to see more.")]),
    );
  }

  filters.bar.addEventListener("change", () => announce(count.textContent), { signal });
  room.append(h("h1", { tabindex: "-1" }, "Cases"), form.element, filters.bar, count, list);
  draw();
}

function filterBar(cases, onChange) {
  const all = (pick) => [...new Set(cases.flatMap(pick))].sort();
  const choice = (id, label, values) =>
    h(
      "select",
      { id, "aria-label": label, onchange: onChange },
      h("option", { value: "" }, label),
      values.map((value) => h("option", { value }, value)),
    );
  const text = h("input", {
    id: "search",
    type: "search",
    placeholder: "Search names and purposes",
    "aria-label": "Search cases",
    oninput: onChange,
  });
  const tag = choice(
    "tag",
    "All tags",
    all((each) => each.tags),
  );
  const rule = choice(
    "rule",
    "All rules",
    all((each) => each.proves),
  );
  const matches = (each) => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const said = `${each.id} ${each.purpose}`.toLowerCase();
    return (
      words.every((word) => said.includes(word)) &&
      (!tag.value || each.tags.includes(tag.value)) &&
      (!rule.value || each.proves.includes(rule.value))
    );
  };
  return { bar: h("div", { class: "tools", role: "search" }, text, tag, rule), matches };
}

const baseOf = (id) =>
  id
    .split("/")
    .filter((part) => !part.includes(":"))
    .join("/");
const suiteOf = (id) => baseOf(id).split("/").slice(0, -1).join("/") || baseOf(id);

/** Suite -> case without its axes -> the cases with them, in the order of the files. */
function suites(cases) {
  const found = new Map();
  for (const each of cases) {
    const suite = found.get(suiteOf(each.id)) ?? new Map();
    found.set(suiteOf(each.id), suite);
    suite.set(baseOf(each.id), [...(suite.get(baseOf(each.id)) ?? []), each]);
  }
  return [...found];
}

function suiteCard([suite, bases], run) {
  return h(
    "section",
    { class: "card suite" },
    h("div", { class: "row" }, h("h2", { class: "grow mono" }, suite), runButton(suite, run, `Run all of ${suite}`)),
    h(
      "ul",
      { class: "rows" },
      [...bases].map(([base, cases]) => caseRow(base, cases, run)),
    ),
  );
}

function caseRow(base, cases, run) {
  const [first] = cases;
  const axes = cases.filter((each) => each.id !== base);
  return h(
    "li",
    {},
    h(
      "div",
      { class: "grow" },
      h("p", { class: "mono name" }, base.split("/").pop()),
      h("p", { class: "soft" }, first.purpose),
      h(
        "p",
        { class: "chips" },
        axes.map((each) =>
          h(
            "button",
            { class: "chip mono", type: "button", title: `Run ${each.id}`, onclick: () => run(each.id) },
            each.id.slice(base.length + 1),
          ),
        ),
        first.tags.map((tag) => h("span", { class: "tag" }, tag)),
        first.proves.map((rule) => h("span", { class: "tag mono" }, rule)),
      ),
    ),
    runButton(base, run, `Run ${base}`),
  );
}

const runButton = (prefix, run, label) =>
  h("button", { type: "button", "aria-label": label, onclick: () => run(prefix) }, "Run");
