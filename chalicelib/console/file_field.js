// The place where a file is dropped or chosen.

import { el } from "./dom.js";

const ENDINGS = ".kml,.kmz,.zip,.gpkg,.geojson,.json,.csv,.txt,.dxf,.mif,.tab";

/** Make it; `take` is called with the file, and `rest` keeps it from taking another one meanwhile. */
export function fileField(take) {
  const input = el("input", { type: "file", name: "file", accept: ENDINGS, on: { change: () => input.files[0] && take(input.files[0]) } });
  const over = (isOver) => (event) => {
    event.preventDefault();
    place.classList.toggle("is-over", isOver);
  };
  const drop = (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length > 0 && !input.disabled) take(event.dataTransfer.files[0]);
  };
  const place = el(
    "label",
    { class: "drop", on: { dragover: over(true), dragleave: over(false), drop } },
    el("strong", {}, "Drop a file here, or choose one"),
    el("span", { class: "small" }, "KML or KMZ, a zipped shapefile or MapInfo table, GeoPackage, GeoJSON, CSV with WKT or latitude and longitude, DXF"),
    input,
  );
  const rest = (isResting) => { input.disabled = isResting; };
  return { node: place, rest };
}
