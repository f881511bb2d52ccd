// Where on a tile's picture a position lies, and the outlines of what changed, drawn there.

import { el, svg } from "./dom.js";

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

/** Give what lies on a tile's picture: where a position is, how to see the area closely, a fresh drawing of it all, and
 * where on the picture, from the left, its largest place lies. */
export function ground(regions, ignored, bounds, area) {
  const at = onPicture(bounds);
  const draw = () => [
    svg(
      "svg",
      { viewBox: `0 0 ${SIDE} ${SIDE}`, preserveAspectRatio: "none", class: "outlines", "aria-hidden": "true" },
      area && path(area.rings ?? [ringOf(area.bounds)], at, "edge"),
      ignored.map((region) => path(region.outline?.coordinates ?? [], at, "ignored")),
      regions.map((region) => path(region.outline?.coordinates ?? [], at, "changed")),
    ),
    ...regions.map((region, index) => pin(region, index + 1, at)),
  ];
  const fit = area === null ? null : fitted(area.bounds, at);
  const first = regions[0] ?? ignored[0];
  return { at, draw, hasIgnored: ignored.length > 0, fit, middle: first ? at(...first.centroid)[0] : (fit?.x ?? 0.5) };
}

const ringOf = ([west, south, east, north]) => [[west, north], [east, north], [east, south], [west, south]];

function path(rings, at, kind) {
  const written = rings.map((ring) => {
    const points = ring.map(([lon, lat]) => at(lon, lat).map((share) => (share * SIDE).toFixed(1)).join(" "));
    return `M${points.join("L")}Z`;
  });
  return svg("path", { d: written.join(""), class: kind, "vector-effect": "non-scaling-stroke" });
}

function pin(region, number, at) {
  const [west, , east, north] = region.bounds;
  const [x, y] = at((west + east) / 2, north);
  const node = el("span", { class: "pin", "aria-hidden": "true" }, String(number));
  node.style.left = `${100 * x}%`;
  node.style.top = `${100 * y}%`;
  return node;
}

// How to see the area's part of the picture as large as it goes: the enlargement and the middle.
function fitted([west, south, east, north], at) {
  const inside = (share) => Math.min(1, Math.max(0, share));
  const [left, top] = at(west, north).map(inside);
  const [right, bottom] = at(east, south).map(inside);
  const widest = Math.max(right - left, bottom - top, 0.01);
  return { times: Math.max(1, 0.94 / widest), x: (left + right) / 2, y: (top + bottom) / 2 };
}
