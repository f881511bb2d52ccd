// How a file of parcels is read: its columns, its coordinate system, and one shift of all of it.

import { field, group, number } from "./area_form.js";
import { el } from "./dom.js";

// The systems that land records of these parts are in; any other that PROJ knows may be typed.
const SYSTEMS = [
  ["EPSG:4326", "WGS 84, degrees"], ["EPSG:32644", "UTM 44 north"], ["EPSG:32645", "UTM 45 north"],
  ["EPSG:4146", "Kalianpur 1975 (Everest), degrees"], ["EPSG:24344", "Kalianpur 1975, UTM 44 north"], ["EPSG:24345", "Kalianpur 1975, UTM 45 north"],
  ["EPSG:7755", "India NSF LCC"],
];
const OF_PERMITS = [["fromColumn", "Valid from, in column"], ["toColumn", "Valid to, in column"], ["referenceColumn", "Reference, in column"], ["stateColumn", "State, in column"]];
const TEXTS = ["fileLayer", "nameColumn", "crs", "encoding", ...OF_PERMITS.map(([name]) => name)];
const NUMBERS = ["bufferM", "accuracyM", "shiftEastM", "shiftNorthM"];

/** Make the fields, filled with how the file was read; `preview` is null where it could not be. */
export function optionsFields(preview, options) {
  const columns = preview?.columns ?? [];
  const needsCrs = preview?.needs.includes("crs") ?? false;
  const permits = group("Of a permit", ...OF_PERMITS.map(([name, label]) => column(label, name, columns, options[name] ?? "", "half", "none")));
  const kind = el(
    "select",
    { name: "kind", on: { change: () => { permits.hidden = kind.value !== "PERMITS"; } } },
    [["PARCELS", "Parcels"], ["PERMITS", "Permits, with a time and a state"]].map(([value, word]) => el("option", { value, selected: value === options.kind }, word)),
  );
  permits.hidden = options.kind !== "PERMITS";
  const crs = field("Coordinate system", "crs", { list: "systems", autocomplete: "off", "data-needed": needsCrs, value: options.crs ?? "", placeholder: preview?.crs || "EPSG:32645" }, "half", crsHint(preview, needsCrs));
  return [
    group(
      "How it is read",
      el("label", { class: "half" }, "It holds", kind),
      preview?.fileLayers.length > 1 && column("Layer of the file", "fileLayer", preview.fileLayers, preview.fileLayer, "half"),
      column("Name of a parcel, in column", "nameColumn", columns, preview?.nameColumn ?? options.nameColumn ?? "", "half", "the row’s number"),
      crs,
      el("datalist", { id: "systems" }, SYSTEMS.map(([value, word]) => el("option", { value }, word))),
      number("May lie off by, m", "accuracyM", { min: 0, value: options.accuracyM, placeholder: preview?.accuracyM }, preview?.accuracyIsAssumed ? "assumed: say it if you know it" : "a change so near counts as inside", "half"),
      number("Points and lines reach, m", "bufferM", { min: 0.5, value: options.bufferM }, "empty: they are errors", "half"),
      field("Letters are in", "encoding", { autocomplete: "off", value: options.encoding ?? "", placeholder: preview?.encoding ?? "utf-8" }, "half", preview?.encodingIsAssumed ? `assumed: ${preview.encoding}` : "empty: as the file says"),
      columns.length > 0 && tags(columns, options),
    ),
    group(
      "Move all of it, in metres",
      number("East", "shiftEastM", { min: -2000, max: 2000, value: options.shiftEastM ?? 0 }, "negative: west", "half"),
      number("North", "shiftNorthM", { min: -2000, max: 2000, value: options.shiftNorthM ?? 0 }, "negative: south", "half"),
    ),
    permits,
  ];
}

function crsHint(preview, needsCrs) {
  if (needsCrs && preview.crs !== "" && !preview.crsIsAssumed) return "Say it if the place is right, or it cannot be kept.";
  if (needsCrs) return "The file does not say: choose one, or it cannot be kept.";
  return preview?.crsIsAssumed ? "assumed: the file does not say" : "empty: as the file says";
}

function column(label, name, names, chosen, place, none = null) {
  const choices = names.map((each) => el("option", { value: each, selected: each === chosen }, each));
  return el("label", { class: place }, label, el("select", { name }, none === null ? null : el("option", { value: "" }, none), choices));
}

function tags(columns, { tagColumns }) {
  const box = (name) => el("label", { class: "check" }, el("input", { type: "checkbox", name: "tagColumns", value: name, checked: tagColumns?.includes(name) ?? true }), name);
  return el("div", { class: "wide" }, el("b", {}, "Columns to keep"), el("div", { class: "kind-choice", role: "group", "aria-label": "Columns to keep" }, columns.map(box)));
}

/** Give what the fields say, by the members of the API. */
export function optionsSaid(form) {
  const { elements } = form;
  const said = { kind: elements.kind.value };
  for (const name of TEXTS) {
    const text = elements.namedItem(name)?.value.trim() ?? "";
    if (text !== "") said[name] = text;
  }
  for (const name of NUMBERS) {
    const text = elements.namedItem(name).value.trim();
    if (text !== "") said[name] = Number(text);
  }
  const boxes = [...form.querySelectorAll("[name=tagColumns]")];
  if (boxes.some((box) => !box.checked)) said.tagColumns = boxes.filter((box) => box.checked).map((box) => box.value);
  if (said.kind !== "PERMITS") for (const [name] of OF_PERMITS) delete said[name];
  return said;
}
