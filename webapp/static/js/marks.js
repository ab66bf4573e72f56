// Draws a day on its map: tours along their roads, stops as marks that are grouped where they are many, and layers that
// can be put away. What a stop tells is asked for when it is opened.
(function () {
  "use strict";
  const HOUSE = '<svg viewBox="0 0 24 24" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M3 11 12 3l9 8v10H3z"/><path d="M9 21v-6h6v6"/></svg>';
  const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // A line as text, back to points: five decimals, each point told from the one before.
  const points = (letters) => {
    const found = [];
    const at = [0, 0];
    let index = 0;
    while (index < letters.length) {
      for (let axis = 0; axis < 2; axis += 1) {
        let shift = 0, value = 0, part;
        do { part = letters.charCodeAt(index++) - 63; value |= (part & 31) << shift; shift += 5; } while (part >= 32);
        at[axis] += value & 1 ? ~(value >> 1) : value >> 1;
      }
      found.push([at[0] / 1e5, at[1] / 1e5]);
    }
    return found;
  };

  // What the reader put away stays so, by van and by state, on this device only.
  const KEPT = "tournee-layers";
  const remembered = () => { try { return new Set(JSON.parse(localStorage.getItem(KEPT) || "[]")); } catch (_error) { return new Set(); } };
  const remember = (away) => { try { localStorage.setItem(KEPT, JSON.stringify([...away])); } catch (_error) { /* a private window keeps nothing */ } };

  window.tourneeDay = function (map) {
    const began = performance.now();
    const facts = JSON.parse(map.getContainer().dataset.facts);
    if (facts.frame) map.fitBounds(facts.frame, { padding: [16, 16], animate: false });
    const marks = new Map();
    const rows = [];
    const lines = new Map();
    let away = remembered();
    let alone = null;

    const popup = (marker, url) => marker.bindPopup("<div class='popup faint'>…</div>", { maxWidth: 320, autoPanPadding: [24, 24] }).on("popupopen", (event) => {
      const show = (html) => { event.popup.setContent(html); document.dispatchEvent(new CustomEvent("tournee:popup", { detail: event.popup.getElement() })); };
      fetch(url, { headers: { "HX-Request": "true" }, credentials: "same-origin" })
        .then((answer) => answer.text().then((html) => (answer.ok ? html : Promise.reject(new Error(String(answer.status))))))
        .then(show)
        .catch(() => { const told = document.createElement("p"); told.textContent = facts.words.failed; show(told); });
    });
    const mark = (name, at, classes, inside, told, layer, url) => {
      const marker = L.marker(at, { icon: L.divIcon({ className: "stop-mark " + classes, html: inside, iconSize: [23, 23] }), title: told });
      marker.on("add", () => marker.getElement().setAttribute("aria-label", told));
      popup(marker, url);
      marker.tourneeName = name;
      marks.set(name, marker);
      rows.push({ marker: marker, layer: layer });
    };

    facts.tours.forEach((tour) => {
      const line = points(tour.line);
      if (line.length < 2) return;
      const drawn = [[8, "#ffffff", "tour-case"], [4.5, tour.colour, "tour-line"]].map(([weight, colour, name]) =>
        L.polyline(line, { color: colour, weight: weight, opacity: 0.9, dashArray: tour.dash || null, className: name + " " + tour.shade + " tour-" + tour.id, interactive: false, smoothFactor: 1.5 }));
      lines.set(tour.id, L.layerGroup(drawn));
    });
    facts.sites.forEach(([code, lat, lon]) => {
      const told = facts.words.site + " " + code;
      L.marker([lat, lon], { icon: L.divIcon({ className: "stop-mark depot", html: HOUSE, iconSize: [30, 30], iconAnchor: [15, 26] }), title: told, keyboard: false, interactive: false, zIndexOffset: 500 }).addTo(map);
    });
    facts.stops.forEach(([id, row, sequence, kind, state, lat, lon]) => {
      const tour = facts.tours[row];
      mark("stop-" + id, [lat, lon], facts.kinds[kind] + " " + facts.states[state] + " tour-" + tour.id + " stop-" + id,
        '<i class="' + tour.shade + '"><b>' + sequence + "</b></i>", tour.van + " · " + facts.words.stop.replace("%(number)s", sequence),
        { tour: tour, state: facts.states[state] }, facts.stopAt + id);
    });
    facts.left.forEach(([order, lat, lon], place) => {
      mark("left-" + place, [lat, lon], "unserved left-" + place, "<i><b>?</b></i>", facts.words.left + " · " + order, { tour: null, state: "unserved" }, facts.leftAt + encodeURIComponent(order));
    });

    const many = rows.length > facts.groupFrom;
    const group = many
      ? L.markerClusterGroup({
        maxClusterRadius: rows.length > 3 * facts.groupFrom ? 46 : 20, disableClusteringAtZoom: 17, showCoverageOnHover: false, animate: !still(), chunkedLoading: false,
        iconCreateFunction: (cluster) => {
          const told = facts.words.group.replace("%(count)s", cluster.getChildCount());
          return L.divIcon({ className: "stop-group", html: '<i><b data-count="' + cluster.getChildCount() + '">' + cluster.getChildCount() + '</b><span class="visually-hidden"> ' + told + "</span></i>", iconSize: [30, 30] });
        },
      })
      : L.layerGroup();
    group.addTo(map);

    const shows = (layer) => (alone ? !!layer.tour && String(layer.tour.id) === alone : !(layer.tour && away.has("van:" + layer.tour.van)) && !away.has("state:" + layer.state));
    const refresh = () => {
      group.clearLayers();
      const shown = rows.filter((row) => shows(row.layer)).map((row) => row.marker);
      if (many) group.addLayers(shown);
      else shown.forEach((marker) => group.addLayer(marker));
      facts.tours.forEach((tour) => {
        const line = lines.get(tour.id);
        if (!line) return;
        if (!alone && away.has("van:" + tour.van)) map.removeLayer(line);
        else line.addTo(map);
      });
    };
    refresh();

    // The mark itself, or the group it is drawn in; none when its layer is put away.
    const element = (name) => {
      const marker = marks.get(name);
      if (!marker || !group.hasLayer(marker)) return null;
      const seen = many ? group.getVisibleParent(marker) : marker;
      return (seen && seen.getElement && seen.getElement()) || null;
    };
    const open = (name) => {
      const marker = marks.get(name);
      if (!marker) return false;
      if (!group.hasLayer(marker)) { away = new Set(); alone = null; remember(away); refresh(); document.dispatchEvent(new CustomEvent("tournee:layers")); }
      if (many && !marker.getElement()) group.zoomToShowLayer(marker, () => marker.openPopup());
      else marker.openPopup();
      return true;
    };
    window.tourneeMarks = {
      map: map, element: element, open: open,
      away: (layer) => away.has(layer),
      put: (layer, off) => { away[off ? "add" : "delete"](layer); remember(away); refresh(); },
      // One tour alone is brought near; all together stand as they did at first.
      alone: (tour) => {
        const was = alone;
        alone = tour;
        refresh();
        const shown = rows.filter((row) => tour && row.layer.tour && String(row.layer.tour.id) === tour).map((row) => row.marker.getLatLng());
        if (shown.length) map.fitBounds(shown, { padding: [32, 32], maxZoom: 16, animate: false });
        else if (was && facts.frame) map.fitBounds(facts.frame, { padding: [16, 16], animate: false });
      },
    };
    // How long it took until every mark stood, for those who measure.
    document.documentElement.dataset.marksReady = Math.round(performance.now() - began);
    window.requestAnimationFrame(() => window.setTimeout(() => performance.mark("tournee-marks-painted"), 0));
  };
})();
