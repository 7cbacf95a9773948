// The search field as a combobox with a list (WAI-ARIA Authoring Practices, "list autocomplete with
// manual selection"). htmx fetches the options into the list; without scripts it is a plain field.
"use strict";

(() => {
  const input = document.querySelector("input[data-suggest]");
  const list = document.getElementById("suggestions");
  if (!input || !list || !window.htmx) return;
  const status = document.querySelector("[data-suggest-status]");
  let active = -1;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const options = () => Array.from(list.querySelectorAll("[role=option]"));

  const mark = (place) => {
    const all = options();
    active = place;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    if (place < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", all[place].id);
      all[place].scrollIntoView({ block: "nearest" });
    }
  };

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) mark(-1);
  };

  const isOpen = () => !list.hidden;

  // What answers a question that is no longer asked is not shown.
  list.addEventListener("htmx:beforeSwap", (event) => {
    const asked = new URL(event.detail.xhr.responseURL).searchParams.get("q");
    if (asked !== input.value || document.activeElement !== input) event.detail.shouldSwap = false;
  });

  list.addEventListener("htmx:afterSwap", () => {
    const found = options().length;
    show(found > 0);
    status.textContent =
      found === 0 ? "" : found === 1 ? status.dataset.one : status.dataset.many.replace("{n}", found);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // The keys belong to the input method.
    const all = options();
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && all.length) {
      event.preventDefault();
      if (!isOpen()) show(true);
      if (event.altKey) return;
      const step = event.key === "ArrowDown" ? 1 : -1;
      // Past the last option, and above the first, is the field itself.
      mark(((active + 1 + step + all.length + 1) % (all.length + 1)) - 1);
    } else if (event.key === "Enter" && isOpen() && active >= 0) {
      event.preventDefault();
      window.location.assign(all[active].dataset.url);
    } else if (event.key === "Escape" && isOpen()) {
      event.preventDefault();
      show(false);
    } else if (event.key === "Tab") {
      show(false);
    }
  });

  input.addEventListener("input", () => {
    mark(-1);
    if (!input.value.trim()) show(false);
  });
  input.addEventListener("blur", () => show(false));
  // Pressing an option keeps the focus in the field, so that nothing closes before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) window.location.assign(option.dataset.url);
  });
})();
