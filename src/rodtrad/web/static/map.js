/* The map of projects with MapLibre, where the browser can draw it; else the drawn map
   of the page stays. Everything comes from this host: no tiles, no fonts, no glyphs. */
const place = document.getElementById("map");
const drawn = document.getElementById("map-svg");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function canDraw() {
  try {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2"));
  } catch {
    return false;
  }
}

/* What is sent is short; the map wants it spelt out. */
function point([lat, lon], properties) {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}

function spelt(sent) {
  const collect = (features) => ({ type: "FeatureCollection", features });
  return {
    projects: collect(sent.projects.map(([id, name, lat, lon, answer]) => point([lat, lon],
      { id, name, answer: sent.answers[answer], href: `${sent.root}${encodeURIComponent(id)}/` }))),
    localities: collect(sent.localities.map(([name, lat, lon]) => point([lat, lon], { name }))),
    outline: { type: "Feature", properties: {},
      geometry: { type: "MultiLineString", coordinates: sent.outline } },
  };
}

function style(data) {
  const inside = ["==", ["get", "answer"], "ingar"];
  return {
    version: 8,
    sources: {
      projects: { type: "geojson", data: data.projects },
      localities: { type: "geojson", data: data.localities },
      outline: { type: "geojson", data: data.outline },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("surface") } },
      { id: "outline", type: "line", source: "outline", layout: { "line-join": "round" },
        paint: { "line-color": colour("ctl"), "line-width": 1.5 } },
      { id: "localities", type: "circle", source: "localities",
        paint: { "circle-radius": 18, "circle-color": colour("sunk"),
          "circle-stroke-color": colour("line"), "circle-stroke-width": 2 } },
      { id: "projects", type: "circle", source: "projects",
        filter: ["!=", ["get", "answer"], "inte-provat"],
        paint: { "circle-radius": 8,
          "circle-color": ["case", inside, colour("ok"), colour("surface")],
          "circle-stroke-color": ["case", inside, colour("surface"), colour("ink2")],
          "circle-stroke-width": 2 } },
      { id: "untried", type: "symbol", source: "projects",
        filter: ["==", ["get", "answer"], "inte-provat"],
        layout: { "icon-image": "dashed", "icon-allow-overlap": true,
          "icon-ignore-placement": true } },
    ],
  };
}

/* A circle layer has no dashes, so the ring of an untried project is drawn here. */
function dashed() {
  const side = 40;
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  pen.beginPath();
  pen.arc(side / 2, side / 2, 16, 0, 2 * Math.PI);
  pen.fillStyle = colour("surface");
  pen.fill();
  pen.strokeStyle = colour("ink2");
  pen.lineWidth = 4;
  pen.setLineDash([6, 4.05]);
  pen.stroke();
  return pen.getImageData(0, 0, side, side);
}

function bounds(data) {
  const all = [...data.projects.features, ...data.localities.features]
    .map((one) => one.geometry.coordinates).concat(data.outline.geometry.coordinates.flat());
  return all.reduce(([[west, south], [east, north]], [lon, lat]) => [
    [Math.min(west, lon), Math.min(south, lat)], [Math.max(east, lon), Math.max(north, lat)],
  ], [all[0], all[0]]);
}

function label(map, maplibre, one) {
  const text = document.createElement("span");
  text.className = "mapname";
  text.setAttribute("aria-label", one.properties.name);
  text.textContent = one.properties.name;
  new maplibre.Marker({ element: text, offset: [0, 30] })
    .setLngLat(one.geometry.coordinates).addTo(map);
}

async function begin() {
  const [maplibre, answer] = await Promise.all([
    import(place.dataset.library),
    fetch(place.dataset.at, { headers: { Accept: "application/json" } }),
  ]);
  if (!answer.ok) return;
  const data = spelt(await answer.json());
  maplibre.setWorkerUrl(place.dataset.worker);
  place.hidden = false;
  const map = new maplibre.Map({
    container: place,
    style: style(data),
    bounds: bounds(data),
    fitBoundsOptions: { padding: 60, maxZoom: 13 },
    attributionControl: false,
    cooperativeGestures: false,
    fadeDuration: 0,
    locale: {
      "Map.Title": place.dataset.title,
      "NavigationControl.ZoomIn": place.dataset.in,
      "NavigationControl.ZoomOut": place.dataset.out,
    },
  });
  map.on("error", () => {
    place.hidden = true;
    drawn.removeAttribute("hidden");
  });
  map.on("styledata", () => {
    if (!map.hasImage("dashed")) map.addImage("dashed", dashed(), { pixelRatio: 2 });
  });
  // dark and light may change while the page is open
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    delete place.dataset.drawn;
    map.setStyle(style(data), { diff: false });
  });
  map.on("idle", () => { place.dataset.drawn = ""; });
  map.on("load", () => {
    drawn.setAttribute("hidden", "");
    document.getElementById("map-counts").hidden = true;
    data.localities.features.forEach((one) => label(map, maplibre, one));
  });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  const points = ["projects", "untried"];
  map.on("click", points, (event) => {
    const found = event.features;
    if (found.length === 1) window.location.assign(found[0].properties.href);
    else if (!choose(found)) map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
  });
  map.on("mousemove", points, (event) => {
    map.getCanvas().style.setProperty("cursor", "pointer");
    mark(event.features);
  });
  map.on("mouseleave", points, () => {
    map.getCanvas().style.removeProperty("cursor");
  });
}

function mark(found) {
  const ids = new Set(found.map((one) => one.properties.id));
  const rows = [...document.querySelectorAll(".maplist li")];
  rows.forEach((row) => row.classList.toggle("here", ids.has(row.dataset.id)));
  return rows.filter((row) => ids.has(row.dataset.id));
}

/* Several projects in one place: the list is where one picks among them, if it shows them. */
function choose(found) {
  const [first] = mark(found);
  if (!first) return false;
  first.scrollIntoView({ block: "nearest" });
  first.querySelector("a").focus();
  return true;
}

if (place && drawn && canDraw()) {
  begin().catch(() => {
    place.hidden = true;
    drawn.removeAttribute("hidden");
  });
}
