// What a file of parcels shows before it is kept: how much, what it would take, its first rows, and its errors.

import { el, facts } from "./dom.js";
import { count, counted, m2, position } from "./format.js";
import { parcelRow } from "./layers.js";

const MOST_ROWS = 8;
// Options that reasons name as the API does, as the form below calls them.
const FIELDS = { bufferM: "“Points and lines reach”", tagColumns: "“Columns to keep”", fileLayer: "“Layer of the file”" };
const NEEDS_CRS = "The file does not say in which coordinate system it is: say it below, and read it again.";

/** Make the preview. */
export function previewOf(preview) {
  const wrong = preview.errorCount;
  return el(
    "section",
    { class: "card area-part", "aria-label": "What it shows" },
    el("h2", {}, `${counted(preview.parcels, "parcel")} of ${counted(preview.rows, "row")}`),
    preview.needs.includes("crs") && (preview.crsIsAssumed || preview.crs === "") && el("p", { class: "notice warn" }, NEEDS_CRS),
    preview.notes.map((note) => el("p", { class: "notice warn" }, inWords(note))),
    facts([
      ["File", preview.driver],
      ["Land", m2(preview.m2)],
      ["Lies at", whereOf(preview.bounds)],
      ["Coordinate system", preview.crs && (preview.crsIsAssumed ? `${preview.crs}, assumed` : preview.crs)],
      ["Converted", preview.datumNote],
      ["A look at all of it", preview.tiles > 0 ? `${counted(preview.tiles, "tile")} of ${preview.provider}` : null],
    ]),
    preview.first.length > 0 && table("The first rows", ["Row", "Name", "Land", "Columns"], preview.first.slice(0, MOST_ROWS).map((parcel) => parcelRow(parcel))),
    wrong > 0 && errors(preview.errors, wrong),
  );
}

const inWords = (reason) => reason.replace(/\b(bufferM|tagColumns|fileLayer)\b/g, (name) => FIELDS[name]);

function whereOf(bounds) {
  if (bounds === null) return null;
  const [west, south, east, north] = bounds;
  return position((south + north) / 2, (west + east) / 2);
}

function errors(shown, all) {
  const title = shown.length < all ? `The first ${count(shown.length)} of ${counted(all, "error")}` : counted(all, "error");
  const rows = shown.map(({ row, reason, position: at }) =>
    el("tr", {}, [["Row", row === 0 ? "all" : row], ["Why it is no parcel", inWords(reason)], ["At", at === null ? "" : position(at[1], at[0])]].map(([name, value]) =>
      el("td", { "data-name": name }, el("div", { class: "parcel-cell" }, String(value))))));
  return table(title, ["Row", "Why it is no parcel", "At"], rows);
}

function table(title, columns, rows) {
  return el(
    "table",
    { class: "list" },
    el("caption", {}, title),
    el("thead", {}, el("tr", {}, columns.map((word) => el("th", { scope: "col" }, word)))),
    el("tbody", {}, rows),
  );
}
