// Requests to the harness that served this page. Where it asks for a token, people are asked, once for each tab.

const KEPT = "qbridge-harness-token";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `status ${status}`);
    this.status = status;
  }
}

/** Sends it, with the token; asks for one where it is missing or wrong. */
export async function send(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEPT);
    const headers = { accept: "application/json", ...options.headers };
    if (token) headers.authorization = `Bearer ${token}`;
    let answer;
    try {
      answer = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, { detail: "The harness does not answer. Is it still running?" });
    }
    if (answer.status === 401) {
      await askForToken(token ? "That token is not the one." : "");
    } else if (answer.ok) {
      return answer;
    } else {
      throw new Refused(answer.status, await answer.json().catch(() => ({})));
    }
  }
}

export const get = async (path) => (await send(path)).json();

export const post = async (path, body, headers = {}) =>
  (
    await send(path, {
      method: "POST",
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    })
  ).json();

/** The path of a prefix of cases. */
export const runPath = (prefix) => `run/${prefix.split("/").map(encodeURIComponent).join("/")}`;

/** Starts a run and gives its id. A key of its own: what a broken connection makes us send again is no second run. */
export async function startRun(prefix, body) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const key = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return (await post(runPath(prefix), body, { "idempotency-key": key })).id;
}

let asking = null;

/** Shows the dialog; several requests share one. */
export function askForToken(problem = "") {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("ask");
    const field = document.getElementById("token");
    const said = document.getElementById("ask-problem");
    said.textContent = problem;
    said.hidden = !problem;
    field.value = "";
    dialog.showModal();
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener(
      "close",
      () => {
        sessionStorage.setItem(KEPT, field.value);
        asking = null;
        resolve();
      },
      { once: true },
    );
  });
  return asking;
}

/** Saves what a path answers as a file. */
export async function save(path, accept, name) {
  const answer = await send(path, { headers: { accept } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
