// Layers: parcels and permits that somebody's file holds, listed, looked at and deleted.

import { get, getPage, patch, remove } from "./api.js";
import { asked, button, confirmed, el, empty, facts, head, tell } from "./dom.js";
import { count, counted, m2, moment } from "./format.js";
import { permitOf } from "./parcels.js";
import { more } from "./sessions.js";
import { drawing } from "./shape.js";

const KINDS = { PARCELS: "Parcels", PERMITS: "Permits" };

/** Make the page of layers. */
export async function layersPage(signal) {
  const first = await getPage("layers", "limit=50", signal);
  const sentence = "Parcels and permits of your own: alerts name those that they touch.";
  const add = el("a", { class: "button main", href: "#/layers/new" }, "Import a file");
  if (first.items.length === 0) {
    const how = "Drop a file of parcels (KML, zipped shapefile, GeoPackage, GeoJSON, CSV, DXF or MapInfo), look at what it shows, and keep it.";
    return el("div", {}, head("Layers", sentence), empty("You have no layer yet", how, add));
  }
  const list = el("ul", { class: "areas" });
  const show = (layers) => list.append(...layers.map(row));
  show(first.items);
  return el("div", {}, head("Layers", sentence, add), list, more("layers", first.next, show, signal, "Show more layers"));
}

function row(layer) {
  const { version } = layer;
  const node = el(
    "li",
    { class: "card layer" },
    el("div", {}, el("h2", {}, el("a", { href: `#/layers/${layer.id}` }, layer.name)), el("p", { class: "small" }, `${KINDS[layer.kind] ?? layer.kind}, version ${version.number} of `, moment(version.madeAt))),
    el("p", {}, `${counted(version.parcels, "parcel")}, ${m2(version.m2)}`),
    el("div", { class: "actions" }, button("Delete", () => forget(layer, () => node.remove()), { class: "quiet", "aria-label": `Delete ${layer.name}` })),
  );
  return node;
}

async function forget(layer, done) {
  const consequence = "Its parcels are deleted with it. Alerts keep the names that they have.";
  if (!(await confirmed(`Delete “${layer.name}”?`, consequence, "Delete the layer"))) return;
  try {
    await remove(`layers/${layer.id}`);
    tell(`“${layer.name}” is deleted.`);
    done();
  } catch (error) {
    tell(error.message);
  }
}

async function rename(layer, shown) {
  const name = await asked(`Rename “${layer.name}”`, "Alerts keep the name that it had when they were made.", "Rename it", "Name", { name: "layerName", value: layer.name });
  if (name === null) return;
  try {
    layer.name = (await patch(`layers/${layer.id}`, { name })).name;
    for (const place of shown) place.textContent = layer.name;
    tell(`It is called “${layer.name}” now.`);
  } catch (error) {
    tell(error.message);
  }
}

/** Make the page of a layer. */
export async function layerPage(layerId, signal) {
  const [layer, first] = await Promise.all([get(`layers/${layerId}`, signal), getPage(`layers/${layerId}/parcels`, "limit=100", signal)]);
  const { version } = layer;
  const { source } = version;
  const isOfPermits = layer.kind === "PERMITS";
  const named = [el("span", {}, layer.name), el("span", {}, layer.name)];
  const trail = el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/layers" }, "Layers"), " / ", named[0]);
  const body = el("tbody");
  const picture = el("figure", { class: "layer-picture" });
  const shown = [];
  const add = (parcels) => {
    shown.push(...parcels);
    body.append(...parcels.map((parcel) => parcelRow(parcel, isOfPermits ? [["Permit", permitOf(parcel)]] : [])));
    const outlines = { coordinates: shown.flatMap((parcel) => parcel.geometry.coordinates) };
    const which = shown.length < version.parcels ? `The first ${count(shown.length)} of ${counted(version.parcels, "parcel")}, north up` : "North up";
    picture.replaceChildren(drawing(outlines), el("figcaption", { class: "small" }, which));
  };
  add(first.items);
  const gone = () => { location.hash = "#/layers"; };
  return el(
    "div",
    { class: "area-page" },
    trail,
    head(named[1], null, el("a", { class: "button main", href: `#/layers/${layer.id}/watch` }, "Watch parcels"), el("a", { class: "button", href: `#/layers/${layer.id}/new` }, "Import a newer version"), button("Rename", () => rename(layer, named), { class: "quiet" }), button("Delete", () => forget(layer, gone), { class: "quiet" })),
    el(
      "section",
      { class: "card area-part", "aria-label": "What it holds" },
      facts([
        ["Kind", KINDS[layer.kind] ?? layer.kind],
        ["Parcels", count(version.parcels)],
        ["Land", m2(version.m2)],
        ["Version", el("span", {}, `${version.number}, of `, moment(version.madeAt))],
        ["May lie off by", version.accuracyM === null ? "not known" : `${count(version.accuracyM)} m`],
        ["File", source.fileName],
        ["Coordinate system", source.crsIsAssumed ? `${source.crs}, assumed` : source.crs],
        ["Converted", source.datumNote],
        ["Moved", source.shiftEastM || source.shiftNorthM ? `${source.shiftEastM} m east, ${source.shiftNorthM} m north` : null],
      ]),
      picture,
    ),
    el("section", { class: "card flush" }, el(
      "table",
      { class: "list" },
      el("thead", {}, el("tr", {}, ["Row", "Name", "Land", ...(isOfPermits ? ["Permit"] : []), "Columns"].map((word) => el("th", { scope: "col" }, word)))),
      body,
    )),
    more(`layers/${layerId}/parcels`, first.next, add, signal, "Show more parcels"),
  );
}

/** Make the row of a table for a parcel, or for what would be one; `more` are cells of it that not every one has. */
export function parcelRow({ number, row: fileRow, name, m2: land, tags }, more = []) {
  const said = Object.entries(tags).map(([column, value]) => `${column}: ${value}`).join(" · ");
  return el(
    "tr",
    {},
    [["Row", number ?? fileRow], ["Name", name], ["Land", m2(land)], ...more, ["Columns", said]].map(([column, value]) =>
      el("td", { "data-name": column }, el("div", { class: "parcel-cell" }, value))),
  );
}
