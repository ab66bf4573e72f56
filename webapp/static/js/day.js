// Map and lanes are one instrument: what is looked at in one lights up in the other.
(function () {
  "use strict";
  const day = document.querySelector("[data-day]");
  const marks = window.tourneeMarks;
  if (!day || !marks) return;
  const all = (name) => document.querySelectorAll("." + name);
  const stopOf = (element) => {
    const found = element.closest && element.closest("[data-stop], .stop-mark");
    if (!found) return null;
    if (found.dataset.stop) return "stop-" + found.dataset.stop;
    return [...found.classList].find((name) => /^(stop|left)-\d+$/.test(name)) || null;
  };
  // A name marks its block, its row, its window, and on the map the mark or the group that holds it.
  const marker = (kind) => {
    let touched = [];
    let present = null;
    return (name) => {
      if (name === present) return;
      touched.forEach((element) => element.classList.remove(kind));
      present = name;
      touched = name ? [...all(name)] : [];
      const seen = name && marks.element(name);
      if (seen && !touched.includes(seen)) touched.push(seen);
      touched.forEach((element) => element.classList.add(kind));
    };
  };
  const light = marker("lit");
  const pick = marker("picked");
  document.addEventListener("pointerover", (event) => light(stopOf(event.target)));
  document.addEventListener("focusin", (event) => light(stopOf(event.target)));

  // Selecting a stop in a lane opens it on the map; who came by keyboard goes on in the popup, and back with Escape.
  let from = null;
  const open = (name, source, byKeys) => {
    pick(name);
    if (!marks.open(name)) return;
    from = byKeys ? source : null;
    document.querySelector("[data-map]").scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("tournee:popup", (event) => {
    const first = from && event.detail && event.detail.querySelector("a, button");
    if (first) first.focus();
  });
  marks.map.on("popupclose", () => { if (from) { const back = from; from = null; back.focus(); } });
  document.addEventListener("click", (event) => {
    const byKeys = event.detail === 0;
    const mark = event.target.closest(".stop-mark");
    if (mark) pick(stopOf(mark));
    const block = event.target.closest("[data-stop]");
    if (block) open("stop-" + block.dataset.stop, block, byKeys);
    const name = event.target.closest("[data-alone]");
    if (name) alone(name.dataset.alone);
    const missed = event.target.closest("[data-left]");
    if (missed && (!event.target.closest("a, button") || event.target.closest("[data-show]"))) open("left-" + missed.dataset.left, event.target.closest("[data-show]"), byKeys);
  });

  // Along a lane with the arrows: one stop at a time, up and down to the neighbouring tour.
  document.addEventListener("keydown", (event) => {
    const block = event.target.closest && event.target.closest("[data-stop]");
    if (!block || event.ctrlKey || event.metaKey || event.altKey) return;
    const lane = [...block.closest(".track").querySelectorAll("[data-stop]")];
    const lanes = [...document.querySelectorAll(".track")].map((track) => [...track.querySelectorAll("[data-stop]")]).filter((one) => one.length);
    const row = lanes.findIndex((one) => one.includes(block));
    const near = (blocks) => blocks.reduce((best, one) => (Math.abs(one.dataset.at - block.dataset.at) < Math.abs(best.dataset.at - block.dataset.at) ? one : best));
    const next = { ArrowRight: lane[lane.indexOf(block) + 1], ArrowLeft: lane[lane.indexOf(block) - 1], Home: lane[0], End: lane[lane.length - 1],
      ArrowDown: lanes[row + 1] && near(lanes[row + 1]), ArrowUp: lanes[row - 1] && near(lanes[row - 1]) }[event.key];
    if (next) { event.preventDefault(); next.focus(); }
  });

  // One tour alone: press its name, or A for the next one, Escape for all.
  let chosen = null;
  const tours = [...document.querySelectorAll("[data-alone]")].map((element) => element.dataset.alone);
  const alone = (tour) => {
    if (chosen) all("tour-" + chosen).forEach((element) => element.classList.remove("chosen"));
    chosen = chosen === tour ? null : tour;
    document.body.classList.toggle("one-alone", !!chosen);
    marks.alone(chosen);
    if (chosen) all("tour-" + chosen).forEach((element) => element.classList.add("chosen"));
    document.querySelectorAll("[data-alone]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.alone === chosen)));
  };
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && chosen) alone(chosen);
    if (event.key.toLowerCase() === "a" && tours.length) alone(tours[(tours.indexOf(chosen) + 1) % tours.length]);
  });

  // A very full day's tables come when they are opened; a `toggle` does not rise, so the part is told.
  document.addEventListener("toggle", (event) => {
    const part = event.target.open && event.target.querySelector("[hx-get]");
    if (part) part.dispatchEvent(new CustomEvent("opened"));
  }, true);

  // Layers: by tour and by state; a tick off puts them away, and the map remembers.
  const boxes = [...document.querySelectorAll("[data-layer]")];
  const tick = () => boxes.forEach((box) => { box.checked = !marks.away(box.dataset.layer); });
  boxes.forEach((box) => box.addEventListener("change", () => marks.put(box.dataset.layer, !box.checked)));
  document.addEventListener("tournee:layers", () => { if (chosen) alone(chosen); tick(); });
  tick();
})();
