/* What pages cannot do without a script; each of them works without this one, too. */
"use strict";

const root = document.documentElement;
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)"), SECOND = 1000;
root.classList.add("has-scripts");

/* The server writes times on the clocks of this browser. */
const home = find(".brand")?.pathname ?? "/";
document.cookie = `ava_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=${home}; max-age=31536000; samesite=lax`;

/* Toasts: answers of the server carry them in HX-Trigger; pages, in #toasts. */
const TOAST_SECONDS = 6;

function age(toast) {
  let left = TOAST_SECONDS;
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within") || document.hidden) return;
    if (--left <= 0) { clearInterval(timer); toast.remove(); }
  }, SECOND);
}

function showToast({ text, kind = "good", undo = "", id = "", login = false, isPassing = false }) {
  const toast = find("#toast-template")?.content.firstElementChild.cloneNode(true);
  const region = find("#toasts"), said = each => find("[data-text]", each).textContent === text;
  // A fault that goes on is said once.
  if (!toast || (kind === "bad" && all(".toast", region).some(said))) return;
  toast.classList.add(`is-${kind}`);
  toast.toggleAttribute("data-passing", isPassing);
  const sign = find("use", toast);
  sign.setAttribute("href", sign.getAttribute("href").replace(/#.*/, `#${toast.dataset[kind] ?? toast.dataset.good}`));
  find("[data-text]", toast).textContent = text;
  const code = find("code", toast), form = find("form", toast), link = find("a", toast);
  if (id) code.textContent = id; else code.remove();
  if (undo) form.action = undo; else form.remove();
  if (!login) link.remove();
  // What is outside of a modal dialog is out of reach.
  (all("dialog:modal").at(-1) ?? document.body).append(region);
  region.append(toast);
  if (kind !== "bad") age(toast);
}

document.addEventListener("close", ({ target }) => {
  if (target.contains(find("#toasts"))) document.body.append(find("#toasts"));
}, true);
document.addEventListener("toast", ({ detail }) => (detail.items ?? [detail]).forEach(showToast));
all("#toasts .toast:not(.is-bad)").forEach(age);

/* Faults of htmx's requests. The server's own sentence comes as a toast. */
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.getResponseHeader("HX-Trigger")?.includes("toast")) return;
  let text = "AVA could not do this. Nothing was lost on this page.";
  try { text = JSON.parse(xhr.responseText).detail ?? text; } catch { /* a page */ }
  showToast({ kind: "bad", text, id: xhr.getResponseHeader("X-Correlation-ID") ?? "" });
});

/* Polling rests while nobody looks, and goes on at once when somebody does. */
const polls = () => all("[hx-trigger*='every ']");
const goOn = () => polls().forEach(poll => poll.dispatchEvent(new Event("due")));
const isPoll = ({ elt, requestConfig }) => polls().includes(elt) && (requestConfig?.triggeringEvent?.type ?? "due") === "due";
document.addEventListener("htmx:beforeRequest", event => {
  if (document.hidden && isPoll(event.detail)) event.preventDefault();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) goOn(); });

/* While there is no network, a sentence says so, and goes with the next answer. */
const passed = () => all("#toasts [data-passing]").forEach(toast => toast.remove());
const sayLost = text => { passed(); showToast({ text, kind: "bad", isPassing: true }); };
for (const fault of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(fault, ({ detail }) => {
    if (!isPoll(detail)) sayLost("AVA cannot be reached. Check your connection and try again; what you typed is still here.");
    else if (!find("#toasts [data-passing]")) sayLost("AVA cannot be reached. This page goes on by itself as soon as it can.");
  });
}
addEventListener("offline", () => sayLost("You are offline. This page goes on by itself as soon as it can."));
addEventListener("online", () => { passed(); goOn(); });

/* Who is logged out goes to the login; but not from what they have typed. */
const login = find("#toast-template")?.content.querySelector("a").getAttribute("href");
const isTyped = () => all("form[method='post'] :is(input, textarea)").some(field => field.value !== field.defaultValue);
const leavesFor = xhr => {
  const address = xhr.getResponseHeader("HX-Redirect") ?? "";
  return address.split("?")[0] === login && isTyped() ? "" : address;
};
document.addEventListener("htmx:beforeOnLoad", event => {
  const { xhr } = event.detail, address = xhr.getResponseHeader("HX-Redirect");
  if (!address || leavesFor(xhr)) { passed(); return; }
  event.preventDefault();
  showToast({ kind: "bad", text: "You are logged out. Log in again, and go on here: what you typed is still there.", login: true, isPassing: true });
});

/* Countdown rings. At their end: the event "due", or the page anew. */
const deadlines = new WeakMap();

function tick() {
  for (const ring of all("[data-seconds]")) {
    const whole = Number(ring.dataset.seconds);
    if (!deadlines.has(ring)) deadlines.set(ring, performance.now() + whole * SECOND);
    const left = Math.max(0, (deadlines.get(ring) - performance.now()) / SECOND);
    ring.style.setProperty("--left", whole ? Math.min(1, left / Number(ring.dataset.whole || whole)) : 0);
    const text = find("[data-left]", ring);
    if (text.textContent !== String(Math.ceil(left))) text.textContent = Math.ceil(left);
    if (left > 0) continue;
    ring.removeAttribute("data-seconds");
    if (ring.dataset.atEnd === "reload") location.reload();
    ring.dispatchEvent(new Event("due", { bubbles: true }));
  }
}
setInterval(tick, 250);
tick();

/* "3 min ago" stays true. */
const UNITS = [[60, "s"], [60, "min"], [24, "h"], [7, "d"]];
setInterval(() => all("time[data-ago]").forEach(time => {
  let number = Math.max(0, (Date.now() - Date.parse(time.dateTime)) / SECOND), unit = "s";
  for (const [size, name] of UNITS) { unit = name; if (number < size) break; if (name !== "d") number /= size; }
  if (unit !== "d" || number < 7) time.textContent = unit === "s" ? "just now" : `${Math.floor(number)} ${unit} ago`;
}), 20 * SECOND);

/* Clicks */
async function copy(button) {
  const from = button.dataset.copyFrom && find(button.dataset.copyFrom);
  const text = from ? from.value ?? from.textContent : button.dataset.copy;
  try { await navigator.clipboard.writeText(text); } catch { copyByHand(text, button); }
  const label = find("[data-label]", button), before = label.textContent;
  if (button.dataset.copied) return;
  button.dataset.copied = label.textContent = "Copied";
  setTimeout(() => { label.textContent = before; delete button.dataset.copied; }, 2 * SECOND);
}

/* Over plain HTTP, on another host than this one, browsers have no clipboard for scripts. */
function copyByHand(text, button) {
  const field = Object.assign(document.createElement("textarea"), { value: text });
  button.after(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  button.focus();
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveals), shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
}

document.addEventListener("click", event => {
  const at = selector => event.target.closest(selector);
  if (at("[data-copy], [data-copy-from]")) copy(at("[data-copy], [data-copy-from]"));
  else if (at("[data-reveals]")) reveal(at("[data-reveals]"));
  else if (at("[data-closes]")) at(at("[data-closes]").dataset.closes || "dialog")?.[at("dialog") ? "close" : "remove"]();
  else if (at("[data-opens]")) {
    const dialog = document.getElementById(at("[data-opens]").dataset.opens);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  }
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (event.target instanceof HTMLDialogElement && event.target.matches("[data-light]")) event.target.close();
});

/* Forms: a button that was pressed is busy until the answer is there, and is not pressed twice. */
const BUSY_SECONDS = 30;
const rest = within => all("[aria-busy='true']", within).filter(each => each.type === "submit").forEach(each => each.removeAttribute("aria-busy"));
document.addEventListener("submit", event => {
  refresh(event.target.elements.csrfmiddlewaretoken);
  if (event.submitter?.getAttribute("aria-busy") !== "true") return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("submit", event => {
  const theme = event.target.closest("[data-theme-form]");
  if (theme) { event.preventDefault(); chooseTheme(theme, event.submitter); return; }
  if (event.defaultPrevented && !event.target.matches("[hx-post], [hx-get]")) return;
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => rest(event.target), BUSY_SECONDS * SECOND);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => { if (!leavesFor(detail.xhr)) rest(detail.elt); });
addEventListener("pageshow", () => rest(document));

/* A login in another tab has another token. */
const token = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
function refresh(field) { if (field && token()) field.value = token(); }
document.addEventListener("htmx:configRequest", ({ detail: { parameters } }) => {
  if ("csrfmiddlewaretoken" in parameters && token()) parameters.csrfmiddlewaretoken = token();
});

function chooseTheme(form, button) {
  const body = new FormData(form, button);
  fetch(form.action, { method: "POST", body, redirect: "manual" });
  root.dataset.theme = button.value;
  for (const each of all("button", form)) each.setAttribute("aria-pressed", String(each === button));
}

document.addEventListener("input", event => {
  const field = event.target;
  const counter = field.id && document.getElementById(`${field.id}-counter`);
  if (counter) {
    const most = Number(counter.dataset.most), length = [...field.value].length;
    counter.textContent = `${length} / ${most}`;
    counter.classList.toggle("is-over", length > most);
  }
  const pair = field.dataset.pair && document.getElementById(field.dataset.pair);
  if (pair) pair.value = field.value;
  if (field.matches("[data-json]")) checkJson(field);
});

/* JSON says while it is typed at which line it is none yet. */
function checkJson(field) {
  const said = document.getElementById(`${field.id}-json`);
  let text = "";
  try { if (field.value.trim()) JSON.parse(field.value); }
  catch ({ message }) {
    const [, line] = /line (\d+)/.exec(message) ?? [], [, place] = /position (\d+)/.exec(message) ?? [];
    const number = line ?? (place && field.value.slice(0, Number(place)).split("\n").length);
    text = number ? `Line ${number}: this is not JSON yet.` : "This is not JSON yet.";
  }
  field.setAttribute("aria-invalid", String(Boolean(text)));
  if (said.textContent !== text) said.textContent = text;
}
