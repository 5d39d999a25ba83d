// @ts-check
/**
 * One page that uses AVA's API from another origin. AVA must name that origin in AVA_CORS_ORIGINS.
 *
 * The types come from ava.d.ts, which is made of docs/openapi.json (see README.md): an editor, or
 * `npx -p typescript@5 tsc -p .`, finds a path, a field or an answer that AVA does not have.
 *
 * @typedef {import("./ava").paths} Paths
 * @typedef {import("./ava").components["schemas"]} Schemas
 * @typedef {Paths["/api/v1/vapi/settings"]["get"]["responses"][200]["content"]["application/json"]} Settings
 * @typedef {Settings["settings"][number]} Setting
 * @typedef {Paths["/api/v1/auth/login"]["post"]["responses"][200]["content"]["application/json"]} Login
 */

/** What AVA answers instead of what was asked for: a sentence, and the ID to quote. */
class Refused extends Error {
  /** @param {{detail: string, correlation_id: string, retry_after?: number}} problem */
  constructor(problem) {
    super(problem.detail);
    this.correlationId = problem.correlation_id;
  }
}

let api = "", token = "";

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(method, path, body) {
  const answer = await fetch(api + path, {
    method,
    headers: {
      ...(token && {Authorization: `Bearer ${token}`}),
      ...(body !== undefined && {"Content-Type": "application/json"}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Refused(found);
  return found;
}

/** @param {unknown} fault */
function show(fault) {
  const place = /** @type {HTMLElement} */ (document.querySelector("[role=alert]"));
  place.hidden = !fault;
  if (fault instanceof Refused) {
    place.textContent = `${fault.message} (Correlation ID: ${fault.correlationId})`;
  } else if (fault) {
    place.textContent = "AVA cannot be reached, or does not name this page's origin in AVA_CORS_ORIGINS.";
  }
}

/** @param {Setting} setting */
function row(setting) {
  const line = document.createElement("tr"), change = document.createElement("button");
  const input = document.createElement("input");
  input.value = JSON.stringify(setting.value);
  input.ariaLabel = setting.key;
  change.textContent = "Save";
  change.onclick = () => attempt(async () => {
    let value;
    try { value = JSON.parse(input.value); } catch { value = input.value; }
    /** @type {{setting: Setting}} */
    const {setting: saved} = await ask("PUT", `/api/v1/vapi/settings/${setting.key}`, {value});
    input.value = JSON.stringify(saved.value);
  });
  for (const cell of [setting.key, input, change]) line.insertCell().append(cell);
  return line;
}

/** @param {() => Promise<void>} work */
async function attempt(work) {
  try {
    await work();
    show(null);
  } catch (fault) {
    show(fault);
  }
}

const form = /** @type {HTMLFormElement} */ (document.getElementById("login"));
form.addEventListener("submit", event => {
  event.preventDefault();
  const typed = new FormData(form);
  api = String(typed.get("api")).replace(/\/$/, "");
  token = "";
  attempt(async () => {
    /** @type {Login} */
    const login = await ask("POST", "/api/v1/auth/login", {
      identifier: typed.get("identifier"), password: typed.get("password"),
    });
    token = login.access_token;
    /** @type {Settings} */
    const {settings} = await ask("GET", "/api/v1/vapi/settings");
    document.getElementById("settings")?.replaceChildren(...settings.map(row));
    /** @type {HTMLElement} */ (document.querySelector("section")).hidden = false;
  });
});
