// A point for a home: a click, a drag, a search or the arrow keys; the form keeps its coordinates.
(function () {
  "use strict";
  const form = document.querySelector("[data-pin-form]");
  const map = window.map_blank;
  if (!form || !map) return;
  const told = document.querySelector("[data-pin-told]");
  const icon = L.divIcon({ className: "pin-mark", html: "<i></i>", iconSize: [26, 26], iconAnchor: [13, 32] });
  const NEAR = 16;
  let pin = null;
  const metres = (point) => Math.cos((point.lat * Math.PI) / 180) * 111195;

  const keep = (point) => {
    form.lat.value = point.lat.toFixed(6);
    form.lon.value = point.lng.toFixed(6);
    form.querySelector("[data-pin-save]").disabled = false;
    told.textContent = point.lat.toFixed(6) + ", " + point.lng.toFixed(6);
  };
  // One metre with Alt, ten with an arrow, a hundred with Shift: the pin goes where the arrow points.
  const push = (event) => {
    const way = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? 100 : event.altKey ? 1 : 10;
    const at = pin.getLatLng();
    const next = L.latLng(at.lat + (way[0] * step) / 111195, at.lng + (way[1] * step) / metres(at));
    put(next);
    keep(next);
    if (!map.getBounds().pad(-0.1).contains(next)) map.panTo(next, { animate: false });
  };
  const put = (point) => {
    if (pin) { pin.setLatLng(point); return; }
    pin = L.marker(point, { icon: icon, draggable: true, autoPan: true, keyboard: true, title: form.dataset.pinForm }).addTo(map);
    pin.on("drag", () => keep(pin.getLatLng()));
    const mark = pin.getElement();
    mark.setAttribute("aria-label", form.dataset.pinForm);
    mark.setAttribute("aria-describedby", "pin-keys");
    mark.addEventListener("keydown", push);
  };
  if (form.lat.value && form.lon.value) {
    const known = L.latLng(Number(form.lat.value), Number(form.lon.value));
    put(known);
    keep(known);
    map.setView(known, NEAR, { animate: false });
    form.querySelector("[data-pin-save]").disabled = !form.dataset.typed;
  }
  map.on("click", (event) => {
    put(event.latlng);
    keep(event.latlng);
    // From afar nobody hits a door: come nearer, and let them click or drag again.
    if (map.getZoom() < NEAR) map.setView(event.latlng, NEAR + 1);
  });
  // An address that was found drops the pin; the door is still to be shown.
  document.addEventListener("tournee:place", (event) => {
    const point = L.latLng(event.detail.lat, event.detail.lon);
    put(point);
    keep(point);
    pin.getElement().focus();
  });
  // Typed coordinates, for whoever has them.
  form.addEventListener("change", () => {
    if (!form.lat.value || !form.lon.value || !form.checkValidity()) return;
    const point = L.latLng(Number(form.lat.value), Number(form.lon.value));
    put(point);
    keep(point);
    map.setView(point, NEAR + 1, { animate: false });
  });
})();
