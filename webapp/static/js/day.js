// Map and lanes are one instrument: what is looked at in one lights up in the other.
(function () {
  "use strict";
  const day = document.querySelector("[data-day]");
  if (!day) return;
  const all = (name) => document.querySelectorAll("." + name);
  const stopOf = (element) => {
    const found = element.closest && element.closest("[data-stop], .stop-mark");
    if (!found) return null;
    if (found.dataset.stop) return "stop-" + found.dataset.stop;
    return [...found.classList].find((name) => /^stop-\d+$/.test(name)) || null;
  };
  let lit = null;
  const light = (name) => {
    if (name === lit) return;
    if (lit) all(lit).forEach((element) => element.classList.remove("lit"));
    lit = name;
    if (lit) all(lit).forEach((element) => element.classList.add("lit"));
  };
  document.addEventListener("pointerover", (event) => light(stopOf(event.target)));
  document.addEventListener("focusin", (event) => light(stopOf(event.target)));

  // What was chosen last stays marked in both.
  let picked = null;
  const pick = (name) => {
    if (picked) all(picked).forEach((element) => element.classList.remove("picked"));
    picked = name;
    if (picked) all(picked).forEach((element) => element.classList.add("picked"));
  };

  // Selecting a stop in a lane opens it on the map.
  document.addEventListener("click", (event) => {
    const mark = event.target.closest(".stop-mark");
    if (mark) pick(stopOf(mark));
    const block = event.target.closest("[data-stop]");
    if (block) {
      const marker = document.querySelector(".stop-mark.stop-" + block.dataset.stop);
      if (marker) { marker.click(); document.querySelector("[data-map]").scrollIntoView({ block: "nearest" }); }
    }
    const name = event.target.closest("[data-alone]");
    if (name) alone(name.dataset.alone);
    const missed = event.target.closest("[data-left]");
    if (missed && !event.target.closest("a, button")) {
      const marker = document.querySelector(".stop-mark.left-" + missed.dataset.left);
      if (marker) marker.click();
    }
  });

  // One tour alone: press its name, or A for the next one, Escape for all.
  let chosen = null;
  const tours = [...document.querySelectorAll("[data-alone]")].map((element) => element.dataset.alone);
  const alone = (tour) => {
    if (chosen) all("tour-" + chosen).forEach((element) => element.classList.remove("chosen"));
    chosen = chosen === tour ? null : tour;
    document.body.classList.toggle("one-alone", !!chosen);
    if (chosen) all("tour-" + chosen).forEach((element) => element.classList.add("chosen"));
    document.querySelectorAll("[data-alone]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.alone === chosen)));
  };
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && chosen) alone(chosen);
    if (event.key.toLowerCase() === "a" && tours.length) alone(tours[(tours.indexOf(chosen) + 1) % tours.length]);
  });
})();
