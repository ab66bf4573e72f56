// The street map under everything: our own tiles, drawn on canvas by protomaps-leaflet, light and dark.
(function () {
  "use strict";
  const LIGHT = {
    paper: "#f3f1ec", built: "#edeae4", works: "#e7e4e6", sand: "#efe6c8", green: "#d5e6c8", wood: "#c3dcb4", water: "#a9cfe3", building: "#dcd6cc", buildingEdge: "#c9c1b4",
    casing: "#c2bab0", minor: "#ffffff", main: "#fdf3c9", big: "#f7d98c", motorway: "#eeb35c", path: "#b59f86", rail: "#8d8d8d",
    border: "#8a5a8f", text: "#3a3a38", halo: "#f7f5f1", outside: "#e4e2dd", sea: "#35617c",
  };
  const DARK = {
    paper: "#1d2524", built: "#212a29", works: "#242b2e", sand: "#2f3028", green: "#21322a", wood: "#1f3528", water: "#12303f", building: "#2a3433", buildingEdge: "#34403f",
    casing: "#141a19", minor: "#3b4746", main: "#4a5048", big: "#5f5a42", motorway: "#7a6336", path: "#4f5a50", rail: "#5c6664",
    border: "#9a7aa0", text: "#d5dedc", halo: "#161d1c", outside: "#141a19", sea: "#7fb2cc",
  };
  const WIDTH = { motorway: [2, 9], trunk: [2, 9], primary: [1.6, 8], secondary: [1.4, 7], tertiary: [1.1, 6], minor: [0.6, 5], service: [0.3, 3], pedestrian: [0.5, 4] };
  const ORDER = ["service", "pedestrian", "minor", "tertiary", "secondary", "primary", "trunk", "motorway"];

  const width = (kind, extra) => (zoom) => {
    const [far, near] = WIDTH[kind];
    const share = Math.min(1, Math.max(0, (zoom - 11) / 6));
    return far + (near - far) * share * share + (extra || 0) * (zoom > 12 ? 1 : 0.5);
  };
  const isKind = (...kinds) => (zoom, feature) => kinds.includes(feature.props.kind);

  function paint(c) {
    const P = protomapsL;
    const area = (layer, fill, filter, extra) => ({ dataLayer: layer, symbolizer: new P.PolygonSymbolizer(Object.assign({ fill: fill }, extra)), filter: filter });
    const rules = [
      area("ground", c.built, isKind("residential")),
      area("ground", c.works, (zoom, feature) => !["residential", "pier", "bridge"].includes(feature.props.kind)),
      area("green", c.sand, isKind("beach", "rock")),
      area("green", c.wood, isKind("wood", "forest", "scrub")),
      area("green", c.green, (zoom, feature) => !["wood", "forest", "scrub", "beach", "rock"].includes(feature.props.kind)),
      area("water", c.water, (zoom, feature) => !["river", "stream"].includes(feature.props.kind)),
      // Piers stand in the water, so they are painted after it.
      area("ground", c.built, isKind("pier", "bridge")),
      { dataLayer: "water", symbolizer: new P.LineSymbolizer({ color: c.water, width: 2 }), filter: isKind("river") },
      { dataLayer: "water", symbolizer: new P.LineSymbolizer({ color: c.water, width: 1 }), filter: isKind("stream") },
      { dataLayer: "buildings", symbolizer: new P.PolygonSymbolizer({ fill: c.building, stroke: c.buildingEdge, width: 0.6 }), minzoom: 14 },
      { dataLayer: "roads", symbolizer: new P.LineSymbolizer({ color: c.path, width: 1, dash: [3, 3] }), filter: isKind("path", "track", "steps"), minzoom: 15 },
      { dataLayer: "roads", symbolizer: new P.LineSymbolizer({ color: c.rail, width: 1.2 }), filter: isKind("rail") },
    ];
    const fill = (kind) => (kind === "motorway" || kind === "trunk" ? c.motorway : kind === "primary" ? c.big : kind === "secondary" || kind === "tertiary" ? c.main : c.minor);
    const open = (kind) => (zoom, feature) => feature.props.kind === kind && !feature.props.tunnel;
    const under = (kind) => (zoom, feature) => feature.props.kind === kind && !!feature.props.tunnel;
    ORDER.forEach((kind) => rules.push({ dataLayer: "roads", symbolizer: new P.LineSymbolizer({ color: c.casing, width: width(kind, 1), dash: [4, 3], opacity: 0.6 }), filter: under(kind) }));
    ORDER.forEach((kind) => rules.push({ dataLayer: "roads", symbolizer: new P.LineSymbolizer({ color: c.casing, width: width(kind, 1.6), lineCap: "round", lineJoin: "round" }), filter: open(kind) }));
    ORDER.forEach((kind) => rules.push({ dataLayer: "roads", symbolizer: new P.LineSymbolizer({ color: fill(kind), width: width(kind, 0), lineCap: "round", lineJoin: "round" }), filter: open(kind) }));
    rules.push({ dataLayer: "borders", symbolizer: new P.LineSymbolizer({ color: c.border, width: 1.8, dash: [6, 3], opacity: 0.8 }), filter: isKind("country") });
    rules.push({ dataLayer: "borders", symbolizer: new P.LineSymbolizer({ color: c.border, width: 0.9, dash: [2, 3], opacity: 0.5 }), filter: isKind("commune"), minzoom: 12 });
    return rules;
  }

  function labels(c) {
    const P = protomapsL;
    const font = (size, weight) => weight + " " + size + "px system-ui, sans-serif";
    const place = (kinds, size, weight, minzoom) => ({
      dataLayer: "places", filter: isKind(...kinds), minzoom: minzoom,
      symbolizer: new P.CenteredTextSymbolizer({ labelProps: ["name"], font: font(size, weight), fill: c.text, stroke: c.halo, width: 3, lineHeight: 1.3 }),
    });
    return [
      place(["city"], 17, "600", 8), place(["town"], 15, "600", 9), place(["village", "island"], 13, "600", 10),
      place(["suburb", "borough"], 12, "500", 12), place(["quarter", "hamlet"], 11, "500", 14), place(["neighbourhood", "locality", "isolated_dwelling"], 10, "400", 15),
      { dataLayer: "streets", symbolizer: new P.LineLabelSymbolizer({ labelProps: ["name"], font: font(11, "500"), fill: c.text, stroke: c.halo, width: 3 }), minzoom: 14 },
    ];
  }

  // Everything that no region covers, in one quiet tone.
  function beyond(map, known, c) {
    const world = [[-85, -360], [-85, 360], [85, 360], [85, -360]];
    const holes = known.map((region) => {
      const [[south, west], [north, east]] = region.bounds;
      return [[south, west], [north, west], [north, east], [south, east]];
    });
    return L.polygon([world, ...holes], { pane: "beyond", stroke: true, color: c.casing, weight: 1, fillColor: c.outside, fillOpacity: 1, interactive: false });
  }

  // Which region's streets are shown is the reader's choice and stays so on this device; by default all of them, and
  // the map looks where the homes are.
  const KEPT = "tournee-region";
  const remembered = () => { try { return localStorage.getItem(KEPT) || ""; } catch (_error) { return ""; } };
  const remember = (name) => { try { localStorage.setItem(KEPT, name); } catch (_error) { /* a private window keeps nothing */ } };

  // `regions`: [{name, url, bounds: [[south, west], [north, east]]}]; without any, a plain ground stays and the page says so.
  window.tourneeBasemap = function (map, regions) {
    let layers = [];
    let shown = regions;
    map.setMaxZoom(19);
    map.createPane("beyond").style.zIndex = 250;
    const draw = () => {
      const colours = document.documentElement.getAttribute("data-bs-theme") === "dark" ? DARK : LIGHT;
      layers.forEach((layer) => map.removeLayer(layer));
      if (!shown.length) return;
      map.getContainer().style.background = colours.paper;
      layers = shown.map((region) => protomapsL.leafletLayer({
        url: region.url, paintRules: paint(colours), labelRules: labels(colours), backgroundColor: colours.paper,
        maxDataZoom: 15, bounds: region.bounds, noWrap: true, attribution: "",
        // Tiles are stretched between whole zooms: drawn finer, names stay sharp.
        devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
      }));
      layers.push(beyond(map, shown, colours));
      layers.forEach((layer) => layer.addTo(map));
    };
    let homes = null;
    const picker = document.querySelector("[data-regions]");
    const choose = (name, moves) => {
      const one = regions.filter((region) => region.name === name);
      shown = one.length ? one : regions;
      draw();
      if (!moves) return;
      if (one.length) map.fitBounds(one[0].bounds, { animate: false });
      else map.setView(homes.at, homes.zoom, { animate: false });
    };
    if (picker) {
      picker.value = regions.some((region) => region.name === remembered()) ? remembered() : "";
      picker.addEventListener("change", () => { remember(picker.value); choose(picker.value, true); });
    }
    choose(picker ? picker.value : "", false);
    document.addEventListener("theme", draw);
    map.attributionControl.setPrefix(false);
    map.attributionControl.addAttribution('<a href="https://www.openstreetmap.org/copyright" rel="noopener" target="_blank">© OpenStreetMap contributors</a>');
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    if (regions.length) {
      // Nobody gets lost on blank paper: the map ends beyond the regions, with room for a popup at the edge.
      const known = L.latLngBounds(regions.flatMap((region) => region.bounds));
      map.setMaxBounds(known.pad(0.8));
      map.options.maxBoundsViscosity = 0.5;
      map.whenReady(() => map.setMinZoom(Math.min(map.getZoom(), map.getBoundsZoom(known))));
    }
    // The map's own script frames the homes right after this; a choice of before is looked at then.
    window.setTimeout(() => {
      homes = { at: map.getCenter(), zoom: map.getZoom() };
      if (picker && picker.value) choose(picker.value, true);
    }, 0);
  };
})();
