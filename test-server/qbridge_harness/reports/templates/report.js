"use strict";
const cases = [...document.querySelectorAll("#cases details.case")];
const pressed = new Set();
const search = document.getElementById("search"), tag = document.getElementById("tag");
const transport = document.getElementById("transport");

function show() {
  const words = search.value.toLowerCase().trim();
  let count = 0;
  for (const each of cases) {
    const good = (!pressed.size || pressed.has(each.dataset.verdict) || (pressed.has("known") && each.dataset.known))
      && (!tag.value || each.dataset.tags.split(" ").includes(tag.value))
      && (!transport.value || each.dataset.transport === transport.value)
      && (!words || each.dataset.text.includes(words));
    each.hidden = !good;
    count += good;
  }
  document.getElementById("shown").textContent = `${count} of ${cases.length}`;
  document.getElementById("empty").hidden = count > 0;
}
for (const button of document.querySelectorAll("button[data-verdict]")) {
  button.addEventListener("click", () => {
    const verdict = button.dataset.verdict;
    pressed.has(verdict) ? pressed.delete(verdict) : pressed.add(verdict);
    button.setAttribute("aria-pressed", pressed.has(verdict));
    show();
  });
}
search.addEventListener("input", show);
tag.addEventListener("change", show);
transport.addEventListener("change", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    search.focus();
  }
});

// A mark of the timeline leads to its message, and `#case=ID` to a case, through whatever is folded.
function lead() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const place = wanted.startsWith("case=")
    ? cases.find((each) => each.dataset.id === wanted.slice(5))
    : document.getElementById(wanted);
  if (!place) return;
  for (let each = place; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  place.scrollIntoView({ block: "start" });
}
addEventListener("hashchange", lead);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.mark");
  if (link && link.hash === location.hash) lead();
});

// Copying works from file:// too, where a browser may refuse the clipboard's API.
async function copy(button) {
  const text = button.parentElement.querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("pre"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}
document.addEventListener("click", (event) => {
  if (event.target.matches(".copyable button")) copy(event.target);
});
show();
lead();
