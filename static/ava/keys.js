/* The drawer, the list of places, and the keys of pages with a side bar. After console.js. */
"use strict";

/* The drawer: a fragment in it opens it; closed, the list's address is back. */
const drawer = find("#drawer");
let address = "", opener = null;
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id !== "drawer-body" || drawer.open) return;
  address = location.href;
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "drawer-body") return;
  opener = detail.requestConfig.elt.matches("a, button") ? detail.requestConfig.elt : opener;
  if (!drawer.open) drawer.showModal();
  all("tr[aria-current]").forEach(row => row.removeAttribute("aria-current"));
  opener?.closest("tr")?.setAttribute("aria-current", "true");
  find("[data-arrows]", drawer).hidden = !rowLinks().includes(opener) || rowLinks().length < 2;
});
drawer?.addEventListener("close", () => {
  if (address && location.href !== address) history.pushState({}, "", address);
  find("#drawer-body").replaceChildren();
  opener?.focus();
});

const rowLinks = () => all("[hx-target='#drawer-body']").filter(link => !drawer.contains(link));

function neighbour(step) {
  const links = rowLinks(), at = links.indexOf(opener), next = at < 0 ? null : links[at + step];
  if (next) next.click();
  return Boolean(next);
}

/* Keys */
const palette = find("#palette");
const items = () => all("[data-item]", palette).filter(item => !item.hidden);

function filterPalette(text) {
  const words = text.toLowerCase().split(/\s+/);
  for (const item of all("[data-item]", palette)) item.hidden = !words.every(word => item.dataset.item.includes(word));
  find("[data-none]", palette).hidden = items().length > 0;
  mark(items()[0]);
}

function mark(item) {
  all("[data-item]", palette).forEach(each => each.setAttribute("aria-selected", String(each === item)));
  const input = find("input", palette);
  if (item) input.setAttribute("aria-activedescendant", item.id); else input.removeAttribute("aria-activedescendant");
  item?.scrollIntoView({ block: "nearest", behavior: REDUCED.matches ? "instant" : "auto" });
}

function openPalette() {
  if (!palette || palette.open) return;
  const input = find("input", palette);
  input.value = "";
  filterPalette("");
  palette.showModal();
  input.focus();
}

palette?.addEventListener("input", ({ target }) => filterPalette(target.value));
palette?.addEventListener("keydown", event => {
  const shown = items(), now = shown.findIndex(item => item.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) mark(shown[(now + step + shown.length) % shown.length]);
  else if (event.key === "Enter") shown[now]?.click();
  else return;
  event.preventDefault();
});

const KEYS = {
  "/": () => { const search = find("[data-search]"); if (search) search.focus(); else openPalette(); },
  "?": () => find("#keys")?.showModal(),
  c: () => { const create = find("[data-create]"); if (create) create.click(); else openPalette(); },
};

document.addEventListener("keydown", event => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") all("details.menu[open]").forEach(menu => { menu.open = false; find("summary", menu).focus(); });
  const typing = event.target.closest("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]");
  if (typing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (drawer?.open && step && neighbour(step)) event.preventDefault();
  if (find("dialog[open]") || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
