// Land that is no box: GeoJSON that is pasted or dropped into the form, and its drawing.

import { el, svg } from "./dom.js";

const SIDE = 200; // of the drawing, in its own units
const LARGEST_BYTES = 250_000; // the server takes little more

/** Make the fields of a shape; `changed` is called when what they say may have. */
export function shapeFields(changed) {
  const wrong = el("p", { class: "small bad", role: "alert" });
  const text = el("textarea", {
    name: "geometry", rows: 4, spellcheck: "false", autocomplete: "off", placeholder: '{"type": "Polygon", "coordinates": …}',
    on: { dragover: (event) => event.preventDefault(), drop },
  });
  const file = el("input", { type: "file", accept: ".geojson,.json,application/geo+json", on: { change: () => read(file.files[0]) } });
  return el(
    "fieldset",
    {},
    el("legend", {}, "Or its shape, as GeoJSON"),
    el(
      "div",
      { class: "fields" },
      el("label", { class: "wide" }, "Paste it, or drop a file here", text, wrong),
      el("label", { class: "wide" }, "Or choose a file", file),
      el("label", { class: "half" }, "Points and lines reach, m", el("input", { name: "bufferM", type: "number", step: "any", min: 0.5, inputmode: "decimal" })),
      el("label", { class: "wide" }, "What of it is not watched, as GeoJSON", el("textarea", { name: "exclude", rows: 2, spellcheck: "false" })),
    ),
  );

  function drop(event) {
    event.preventDefault();
    if (event.dataTransfer.files.length > 0) read(event.dataTransfer.files[0]);
    else put(event.dataTransfer.getData("text"));
  }

  async function read(chosen) {
    if (chosen === undefined) return;
    if (chosen.size > LARGEST_BYTES) {
      wrong.textContent = `“${chosen.name}” is too large: simplify it to 5,000 vertices or fewer.`;
      return;
    }
    put(await chosen.text());
  }

  function put(said) {
    wrong.textContent = "";
    text.value = said;
    changed();
  }
}

/** Give what the fields say: without a geometry the land is a box. Throws an Error for what is no JSON. */
export function shapeSaid(form) {
  const { geometry, exclude, bufferM } = form.elements;
  const said = exclude.value.trim() === "" ? {} : { exclude: parsed(exclude.value, "What is not watched") };
  if (geometry.value.trim() === "") return said;
  said.geometry = parsed(geometry.value, "The shape");
  if (bufferM.value !== "") said.bufferM = Number(bufferM.value);
  return said;
}

function parsed(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is no JSON: ${error.message}`);
  }
}

/** Draw what would be watched, north up: a MultiPolygon of degrees. */
export function drawing(watched) {
  const outlines = watched.coordinates;
  const all = outlines.flat(2);
  const [west, east] = ends(all.map(([lon]) => lon));
  const [south, north] = ends(all.map(([, lat]) => lat));
  const across = Math.cos((((south + north) / 2) * Math.PI) / 180); // of a degree of longitude, against one of latitude
  const scale = SIDE / Math.max((east - west) * across, north - south);
  const at = ([lon, lat]) => `${((lon - west) * across * scale).toFixed(1)} ${((north - lat) * scale).toFixed(1)}`;
  const path = (rings) => svg("path", { d: rings.map((ring) => `M${ring.map(at).join("L")}Z`).join(""), "fill-rule": "evenodd" });
  const size = [(east - west) * across * scale, (north - south) * scale].map((side) => Math.max(1, side).toFixed(1));
  return svg(
    "svg",
    { viewBox: `-3 -3 ${Number(size[0]) + 6} ${Number(size[1]) + 6}`, class: "shape-drawing", role: "img", "aria-label": "The shape, north up" },
    outlines.map(path), // each by itself: where two lie across each other is no hole
  );
}

function ends(numbers) {
  return numbers.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, -Infinity]);
}
