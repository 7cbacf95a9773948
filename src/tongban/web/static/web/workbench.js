// Keys of the workbench. Everything they do can be done without them and without this file.
(() => {
  "use strict";
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("keys-open");
  const rows = [...document.querySelectorAll("#work-list tbody tr")];
  let at = -1;

  const help = () => dialog && !dialog.open && dialog.showModal();
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", help);
  }
  const go = (step) => {
    if (!rows.length) return;
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    rows.forEach((row, place) => row.toggleAttribute("data-here", place === at));
    rows[at].querySelector("a").focus();
  };
  const click = (selector, within = document) => {
    const found = within && within.querySelector(selector);
    if (found) found.click();
  };
  const claim = () => {
    const own = document.getElementById("claim");
    if (own) return own.click();
    const box = rows[at] && rows[at].querySelector("input[type=checkbox]");
    if (!box) return undefined;
    rows.forEach((row) => { const one = row.querySelector("input[type=checkbox]"); if (one) one.checked = one === box; });
    return click("button[name=act][value=claim]");
  };
  const keys = {
    j: () => go(1),
    k: () => go(-1),
    x: () => click("input[type=checkbox]", rows[at]),
    c: claim,
    n: () => click("a[rel=next]"),
    g: () => { const first = document.querySelector(".rail a"); if (first) first.click(); },
    "/": () => { const field = document.getElementById("find"); if (field) field.focus(); else click(".rail a"); },
    "?": help,
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (field || event.ctrlKey || event.metaKey || event.altKey || (dialog && dialog.open)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
