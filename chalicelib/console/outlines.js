// Where on a tile's picture a position lies, and the outlines of what changed, drawn there.

import { svg } from "./dom.js";

const MARGIN = 1 / 8; // of the tile, on all sides: every picture shows that much of its neighbours
const SIDE = 1000; // of the drawing, in its own units

/** Give a function from lon, lat to shares (0 to 1) of a tile's picture, from the left and from the top. */
export function onPicture([west, south, east, north]) {
  const [top, bottom] = [mercator(north), mercator(south)];
  const inPicture = (share) => (share + MARGIN) / (1 + 2 * MARGIN);
  return (lon, lat) => [
    inPicture((lon - west) / (east - west)),
    inPicture((top - mercator(lat)) / (top - bottom)),
  ];
}

const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));

/** Make what draws the regions' outlines and numbers: a function, since each picture needs a drawing of its own. */
export function outlines(regions, bounds) {
  const at = onPicture(bounds);
  const draw = () => svg(
    "svg",
    { viewBox: `0 0 ${SIDE} ${SIDE}`, preserveAspectRatio: "none", class: "outlines", "aria-hidden": "true" },
    regions.map((region) => path(region.outline?.coordinates ?? [], at)),
    regions.map((region, index) => label(region, index + 1, at)),
  );
  return { draw, at };
}

function path(rings, at) {
  const written = rings.map((ring) => {
    const points = ring.map(([lon, lat]) => at(lon, lat).map((share) => (share * SIDE).toFixed(1)).join(" "));
    return `M${points.join("L")}Z`;
  });
  return svg("path", { d: written.join(""), "vector-effect": "non-scaling-stroke" });
}

function label(region, number, at) {
  const [west, , east, north] = region.bounds;
  const [x, y] = at((west + east) / 2, north).map((share) => share * SIDE);
  const below = Math.max(y - 8, 26);
  return svg("text", { x: x.toFixed(1), y: below.toFixed(1), "text-anchor": "middle" }, String(number));
}
