// Searching an address on the map while it is typed: the text goes in the body of a request, never in an address.
(function () {
  "use strict";
  const form = document.querySelector("[data-places]");
  if (!form) return;
  const field = form.querySelector("[role=combobox]");
  const list = form.querySelector("[role=listbox]");
  const said = form.querySelector("[role=status]");
  const LEAST = 3, PAUSE = 220;
  let found = [], at = -1, timer = null, asked = 0;

  const close = () => { list.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const mark = (next) => {
    at = found.length ? (next + found.length) % found.length : -1;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    if (at < 0) return;
    field.setAttribute("aria-activedescendant", "place-" + at);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const choose = (place) => {
    field.value = place.label;
    close();
    const map = window.map_day || window.map_blank;
    map.setView([place.lat, place.lon], place.zoom, { animate: false });
    document.dispatchEvent(new CustomEvent("tournee:place", { detail: place }));
    said.textContent = place.label + " · " + place.accuracy;
  };
  const show = (places) => {
    found = places;
    list.replaceChildren(...places.map((place, row) => {
      const item = document.createElement("li");
      item.id = "place-" + row;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const name = document.createElement("span"), good = document.createElement("span");
      name.textContent = place.label;
      good.textContent = place.accuracy;
      good.className = "mark";
      item.append(name, good);
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => choose(place));
      return item;
    }));
    at = -1;
    field.removeAttribute("aria-activedescendant");
    list.hidden = !places.length;
    field.setAttribute("aria-expanded", String(!!places.length));
    said.textContent = places.length ? form.dataset.found.replace("%(count)s", places.length) : form.dataset.none;
    form.classList.toggle("none-found", !places.length);
  };
  const ask = () => {
    const mine = (asked += 1);
    return fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((told) => { if (mine === asked) show(told.places); return told.places; })
      .catch(() => { if (mine === asked) { close(); said.textContent = form.dataset.failed; } return []; });
  };
  const letters = () => field.value.replace(/[^\p{L}\p{N}]/gu, "").length;
  field.addEventListener("input", () => {
    window.clearTimeout(timer);
    form.classList.remove("none-found");
    if (letters() < LEAST) { asked += 1; found = []; close(); said.textContent = ""; return; }
    timer = window.setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      mark(event.key === "ArrowDown" ? at + 1 : at < 0 ? found.length - 1 : at - 1);
    } else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (at >= 0 && found[at]) choose(found[at]);
    else if (letters() >= LEAST) { window.clearTimeout(timer); ask().then((places) => { if (places.length === 1) choose(places[0]); else if (places.length) mark(0); }); }
  });
  field.addEventListener("blur", () => window.setTimeout(close, 150));
})();
