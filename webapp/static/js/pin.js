// A click on the map becomes the point of the form.
(function () {
  "use strict";
  const form = document.querySelector("[data-pin-form]");
  const map = window.map_blank;
  const icon = L.divIcon({ className: "pin-mark", html: "<i></i>", iconSize: [26, 26], iconAnchor: [13, 32] });
  let pin = null;
  const put = (point) => {
    pin = pin || L.marker(point, { icon: icon, draggable: true, keyboard: false, title: form.dataset.pinForm }).addTo(map).on("dragend", () => keep(pin.getLatLng()));
    pin.setLatLng(point);
    pin.getElement().querySelector("i").style.setProperty("--tour", getComputedStyle(document.body).getPropertyValue("--tblr-primary"));
  };
  const keep = (point) => {
    form.lat.value = point.lat.toFixed(6);
    form.lon.value = point.lng.toFixed(6);
    form.querySelector("button").disabled = false;
  };
  if (form.dataset.lat) {
    const known = L.latLng(Number(form.dataset.lat), Number(form.dataset.lon));
    put(known);
    map.setView(known, 16);
  }
  map.on("click", (event) => {
    put(event.latlng);
    keep(event.latlng);
    // From afar nobody hits a door: come nearer, and let them click or drag again.
    if (map.getZoom() < 16) map.setView(event.latlng, 17);
  });
  // Typed coordinates, for whoever has them or has no mouse.
  form.addEventListener("change", () => {
    const point = L.latLng(Number(form.lat.value), Number(form.lon.value));
    if (!form.lat.value || !form.lon.value || !form.checkValidity()) return;
    put(point);
    form.querySelector("button").disabled = false;
    map.setView(point, 17);
  });
})();
