// Where a file's parcels lie: drawn north up over stored pictures of the same land, and moved until they fit.

import { get, getPage, imageUrl } from "./api.js";
import { el, failure, svg } from "./dom.js";
import { counted } from "./format.js";

const REACH_M = 250; // of the drawing, on all sides
const M_PER_DEGREE = 111_194.93;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP_M = 0.5; // of an arrow key; ten times as far with Shift
const MOST_PAGES = 4; // of areas, and of an area's pictures

/** What the parcels are held against, from one reading of the file to the next: an area, and its newest pictures. */
export const NO_PICTURE = { areaId: null, pictures: [] };

/**
 * Make the drawing of a preview.
 *
 * `form` has the fields of the shift, as the file was read with `options`; `under` is what lies below it, and
 * `look(under, at)` is called for another, to have the file drawn around `at`.
 */
export function alignment(preview, { form, options, under, look, signal }) {
  if (preview.drawnAt === null) return null;
  const place = placed(preview.drawnAt);
  const parcels = svg("g", { class: "drawn" }, preview.drawn.map((each) => parcel(each, place)));
  const map = svg(
    "svg",
    {
      viewBox: `${-REACH_M} ${-REACH_M} ${2 * REACH_M} ${2 * REACH_M}`, class: "alignment", tabindex: 0, role: "application",
      "aria-label": "The parcels, north up: arrow keys move them", on: { pointerdown: press, pointermove: drag, keydown: key },
    },
    under.pictures.map((each) => picture(each, place)),
    parcels,
  );
  const { shiftEastM, shiftNorthM } = form.elements;
  const base = [options.shiftEastM ?? 0, options.shiftNorthM ?? 0]; // what is drawn was moved by so much already
  let from = null;
  form.addEventListener("input", show);
  const choice = el("select", { name: "under", on: { change: choose } }, el("option", { value: "" }, "nothing"));
  const said = el("div", { "aria-live": "polite" });
  offer();
  return el(
    "section",
    { class: "card area-part", "aria-label": "Where it lies" },
    el("h2", {}, "Where it lies"),
    el("p", { class: "small" }, `${counted(preview.drawn.length, "parcel")} on ${2 * REACH_M} m, north up. Drag them until they lie on their fields, or use the arrow keys, then read the file again below: all of it is moved.`),
    el("label", { class: "half" }, "Over the newest pictures of", choice),
    said,
    map,
  );

  function moved() {
    return [Number(shiftEastM.value) - base[0], Number(shiftNorthM.value) - base[1]];
  }

  function show() {
    const [east, north] = moved();
    parcels.setAttribute("transform", `translate(${east} ${-north})`);
  }

  function move(east, north) {
    shiftEastM.value = (base[0] + east).toFixed(1);
    shiftNorthM.value = (base[1] + north).toFixed(1);
    shiftEastM.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function press(event) {
    if (event.button !== 0) return;
    map.setPointerCapture(event.pointerId);
    from = { x: event.clientX, y: event.clientY, moved: moved() };
    map.focus({ preventScroll: true });
    event.preventDefault();
  }

  function drag(event) {
    if (from === null || !map.hasPointerCapture(event.pointerId)) return;
    const metres = (2 * REACH_M) / map.getBoundingClientRect().width; // of a pixel
    move(from.moved[0] + (event.clientX - from.x) * metres, from.moved[1] - (event.clientY - from.y) * metres);
  }

  function key(event) {
    const step = STEPS[event.key];
    if (step === undefined) return;
    const [east, north] = moved();
    const far = event.shiftKey ? 10 * STEP_M : STEP_M;
    move(east + step[0] * far, north + step[1] * far);
    event.preventDefault();
  }

  async function offer() {
    try {
      const areas = (await everyPage("area-configs", "limit=100")).filter((area) => meets(boxOf(area), preview.bounds));
      choice.append(...areas.map(({ id, name }) => el("option", { value: id, selected: id === under.areaId }, name)));
      if (areas.length === 0) said.replaceChildren(el("p", { class: "small" }, "You watch no land here yet. Watch some of it first to see these parcels over its pictures."));
    } catch (error) {
      if (!signal.aborted) said.replaceChildren(failure(error));
    }
  }

  async function choose() {
    if (choice.value === "") return look(NO_PICTURE, preview.drawnAt);
    said.replaceChildren(el("p", { class: "small" }, "Looking for its pictures…"));
    try {
      const area = await get(`area-configs/${choice.value}`, signal);
      const pictures = newest((await everyPage(`area-configs/${area.id}/images`, "limit=50")).filter((each) => each.imagePath !== null && meets(each.bounds, preview.bounds)));
      if (pictures.length === 0) said.replaceChildren(el("p", { class: "small" }, "There is no picture of these parcels among its newest."));
      else look({ areaId: area.id, pictures }, nearest(pictures, preview.drawnAt));
    } catch (error) {
      if (!signal.aborted) said.replaceChildren(failure(error, choose));
    }
  }

  async function everyPage(path, query) {
    const all = [];
    for (let [page, next] = [0, query]; next !== null && page < MOST_PAGES; page += 1) {
      const answer = await getPage(path, next, signal);
      all.push(...answer.items);
      next = answer.next;
    }
    return all;
  }
}

/** Give what turns degrees into metres to the east and the south of a place. */
function placed([lon, lat]) {
  const across = M_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  return ([x, y]) => [(x - lon) * across, (lat - y) * M_PER_DEGREE];
}

function parcel({ name, coordinates }, place) {
  const d = coordinates.flat().map((ring) => `M${ring.map((at) => place(at).map((metres) => metres.toFixed(2)).join(" ")).join("L")}Z`).join("");
  return svg("path", { d, "fill-rule": "evenodd" }, svg("title", {}, name));
}

function picture({ imagePath, bounds: [west, south, east, north] }, place) {
  const [[left, top], [right, bottom]] = [place([west, north]), place([east, south])];
  return svg("image", { href: imageUrl(imagePath), x: left, y: top, width: right - left, height: bottom - top, preserveAspectRatio: "none" });
}

/** Give the newest picture of each tile: the list has the newest first. */
function newest(pictures) {
  const tiles = new Map();
  for (const each of pictures) if (!tiles.has(each.tile)) tiles.set(each.tile, each);
  return [...tiles.values()];
}

/** Give where to draw: where it is drawn already, if a picture shows that, else amid the picture that is nearest. */
function nearest(pictures, at) {
  const middles = pictures.map(({ bounds: [west, south, east, north] }) => [(west + east) / 2, (south + north) / 2]);
  const far = ([lon, lat]) => Math.hypot(lon - at[0], lat - at[1]);
  const isShown = pictures.some(({ bounds: [west, south, east, north] }) => west <= at[0] && at[0] <= east && south <= at[1] && at[1] <= north);
  return isShown ? at : middles.reduce((best, each) => (far(each) < far(best) ? each : best));
}

function boxOf({ centerLat, centerLon, northKm, southKm, eastKm, westKm }) {
  const up = 1000 / M_PER_DEGREE;
  const across = up / Math.cos((centerLat * Math.PI) / 180);
  return [centerLon - westKm * across, centerLat - southKm * up, centerLon + eastKm * across, centerLat + northKm * up];
}

function meets([west, south, east, north], [otherWest, otherSouth, otherEast, otherNorth]) {
  return west < otherEast && otherWest < east && south < otherNorth && otherSouth < north;
}
