// One alert: what changed, where and when, with its pictures.

import { imageUrl } from "./api.js";
import { button, cell, el, facts } from "./dom.js";
import { counted, m2, metres, moment, percent, place } from "./format.js";
import { ground } from "./ground.js";
import { kindText } from "./kinds.js";
import { authorisedBadge, parcelTable, toldBeforeBadge } from "./parcels.js";
import { viewer } from "./viewer.js";
import { severityBadge, why } from "./words.js";

/** Make an alert's view. The image it was compared with and the area's bounds are null where they are not known. */
export function alertView(alert, { before, area }) {
  const tile = alert.current_tile_info;
  const log = alert.changeLog ?? {};
  const regions = log.regions ?? [];
  const ignored = log.ignored ?? [];
  const pictures = viewer({
    before: { url: imageUrl(alert.previousImagePath), caption: caption("Before", before), attribution: before?.attribution ?? tile.attribution },
    after: { url: imageUrl(alert.currentImagePath), caption: caption("After", tile), attribution: tile.attribution },
    overlay: alert.overlayImagePath
      ? { url: imageUrl(alert.overlayImagePath), caption: caption("After, changes marked", tile), attribution: tile.attribution }
      : null,
    ground: ground(regions, ignored, tile.bounds, area),
  });
  return el(
    "article",
    { class: "card alert", "aria-label": "Alert" },
    el(
      "div",
      { class: "session-head" },
      el("h2", { class: "alert-title" }, log.changed_area_m2 === undefined ? "Change" : `${m2(log.changed_area_m2)} changed`, alert.kinds?.length ? `: ${alert.kinds.join(", ")}` : ""),
      severityBadge(alert.severity),
      authorisedBadge(alert),
      toldBeforeBadge(alert),
    ),
    pictures.node,
    regions.length > 0 && regionTable(regions, pictures),
    parcelTable(alert),
    ignored.length > 0 && el(
      "details",
      { class: "ignored-places" },
      el("summary", {}, `Seen and ignored: ${counted(ignored.length, "place")}`),
      ignoredTable(ignored, pictures),
    ),
    facts([
      ["Tile's centre", place(tile.latitude, tile.longitude)],
      ["Before", times(before)],
      ["After", times(tile)],
      ["Alert made", moment(alert.alertTime)],
      ["Detail", `${metres(tile.gsdM)} a pixel`],
      ["Smallest visible change", log.smallest_change_m2 === undefined ? null : m2(log.smallest_change_m2)],
      ["Clear in both pictures", log.clear_share === undefined ? null : percent(log.clear_share)],
      ["Provider", tile.provider],
      ["Imagery", [...new Set([before?.attribution, tile.attribution])].filter(Boolean).join("; ")],
      ["Detector", log.detector],
    ]),
  );
}

/** Say of an alert in one line how grave it is, why nobody was told where that is so, and where it lies. */
export function inOneLine({ severity, likelyAuthorised, toldBefore, changeLog, current_tile_info: tile }) {
  const places = counted(changeLog?.regions?.length ?? 0, "place");
  const said = [severity, likelyAuthorised && "likely authorised", toldBefore && "told before", places, `tile ${tile.uniqueKey}`];
  return said.filter(Boolean).join(" · ");
}

/** Make the view of a tile where things were seen and none of them is an alert. */
export function ignoredView(seen, { before, area }) {
  const tile = seen.current_tile_info;
  const pictures = viewer({
    before: { url: imageUrl(seen.previousImagePath), caption: caption("Before", before), attribution: before?.attribution ?? tile.attribution },
    after: { url: imageUrl(seen.currentImagePath), caption: caption("After", tile), attribution: tile.attribution },
    overlay: null,
    ground: ground([], seen.regions, tile.bounds, area),
    showsIgnored: true,
  });
  return el("article", { class: "card alert", "aria-label": "Seen and ignored" }, pictures.node, ignoredTable(seen.regions, pictures));
}

function caption(word, image) {
  if (image === null) return [el("strong", {}, word)];
  return [el("strong", {}, word), " · ", image.capturedAt ? moment(image.capturedAt) : el("span", {}, "fetched ", moment(image.fetchedAt))];
}

function times(image) {
  if (image === null) return el("span", { class: "faint" }, "no longer listed");
  const captured = ["captured ", moment(image.capturedAt, "at an unknown time")];
  return el("span", {}, captured, image.fetchedAt && [", fetched ", moment(image.fetchedAt)]);
}

function regionTable(regions, pictures) {
  const titles = ["Place", "Kind", "Size", "Severity", "Position", "Certainty", "Older pictures", ""];
  const rows = regions.map((region, index) => {
    const [lon, lat] = region.centroid;
    return el(
      "tr",
      {},
      cell("Place", el("span", { class: "number" }, String(index + 1))),
      cell("Kind", kindText(region)),
      cell("Size", m2(region.area_m2)),
      cell("Severity", severityBadge(region.severity)),
      cell("Position", place(lat, lon)),
      cell("Certainty", percent(region.score)),
      cell("Older pictures", heldAgainst(region)),
      cell("", button("Zoom in", () => pictures.zoomTo(lon, lat), { class: "mini", "aria-label": `Zoom to place ${index + 1}` })),
    );
  });
  return el(
    "table",
    { class: "list regions" },
    el("caption", {}, "Where it changed, largest first"),
    el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, rows),
  );
}

function heldAgainst(region) {
  if (!region.older_pictures) return el("span", { class: "faint" }, "none to compare with");
  const text = `unlike ${region.held_against} of ${region.older_pictures}`;
  return region.confirmed ? `${text}, confirmed by this one` : text;
}

function ignoredTable(regions, pictures) {
  const titles = ["Kind", "Size", "Why it is no alert", "Position", "Certainty", ""];
  const rows = regions.map((region) => {
    const [lon, lat] = region.centroid;
    return el(
      "tr",
      {},
      cell("Kind", kindText(region)),
      cell("Size", m2(region.area_m2)),
      cell("Why it is no alert", why(region)),
      cell("Position", place(lat, lon)),
      cell("Certainty", percent(region.score)),
      cell("", button("Zoom in", () => pictures.zoomTo(lon, lat), { class: "mini", "aria-label": `Zoom to ${region.reason}` })),
    );
  });
  return el(
    "table",
    { class: "list regions" },
    el("caption", {}, "Seen and ignored, largest first"),
    el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, rows),
  );
}
