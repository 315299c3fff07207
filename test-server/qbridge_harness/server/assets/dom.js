// Small tools of every page: elements, words for numbers, and the line that screen readers speak.

/** An element: h("a", {class: "x", onclick: f}, "text", child, null). Values never pass through HTML. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => ![null, undefined, false].includes(child)));
  return element;
}

/** A verdict or a state as a coloured word. */
export const badge = (word) => h("span", { class: `badge ${word}` }, word);

/** The state of a run for people: a finished one is what its report says. */
export const stateOf = (run) => (run.state === "done" ? run.outcome : run.state);

export function duration(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms < 60000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

/** A time of today as a time, another with its day. */
export function when(text) {
  if (!text) return "";
  const time = new Date(text);
  const today = time.toDateString() === new Date().toDateString();
  const options = {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(today ? {} : { day: "numeric", month: "short" }),
  };
  return time.toLocaleString(undefined, options);
}

export const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Tells people who do not see the page what has just happened. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

/** An error where the content would have been. */
export const problem = (error) => h("p", { class: "notice failed", role: "alert" }, String(error.message ?? error));

/** A part of a case's id that names an axis, `transport:grpc`, stands back. */
export function caseName(id) {
  const at = id.split("/").findIndex((part) => part.includes(":"));
  const parts = id.split("/");
  const base = (at < 0 ? parts : parts.slice(0, at)).join("/");
  return [base, ...(at < 0 ? [] : parts.slice(at).map((part) => h("span", { class: "axis" }, part)))];
}
