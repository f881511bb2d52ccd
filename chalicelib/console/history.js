// What is stored of an area, how long each picture is kept and why; and pins.

import { get, getPage, imageUrl, put, remove } from "./api.js";
import { button, cell, el, facts, head, tell } from "./dom.js";
import { count, counted, megabytes, moment, percent } from "./format.js";
import { holdToggle, reasonFor, standingHolds } from "./holds.js";
import { more } from "./sessions.js";

const USES = {
  hold: "a legal hold",
  pin: "its pin",
  alert: "an alert",
  place: "a place",
  baseline: "the baseline",
  reference: "the next comparison",
  newest: "being one of the newest",
};

/** Make the page of an area's stored pictures. */
export async function imagesPage(areaId, signal) {
  const path = `area-configs/${areaId}/images`;
  const [area, kept, first, holds] = await Promise.all([
    get(`area-configs/${areaId}`, signal),
    get(`area-configs/${areaId}/kept`, signal),
    getPage(path, "limit=25", signal),
    standingHolds(signal),
  ]);
  const rows = el("tbody");
  const older = el("div");
  const show = (page, query) => {
    rows.replaceChildren(...page.items.map(row));
    older.replaceChildren(more(path, page.next, (items) => rows.append(...items.map(row)), signal));
    if (page.items.length === 0) rows.append(el("tr", {}, el("td", { colspan: 5 }, query ? "There is none like that." : "Nothing was stored yet.")));
  };
  show(first, "");
  const search = filter(async (query) => {
    try {
      show(await getPage(path, `limit=25${query}`, signal), query);
    } catch (error) {
      if (!signal.aborted) tell(error.message);
    }
  });
  const trail = el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/areas" }, "Areas"), " / ", el("a", { href: `#/areas/${area.id}` }, area.name), " / Pictures");
  const titles = ["Picture", "Taken", "Shows clearly", "Kept", "Pin"].map((text) => el("th", { scope: "col" }, text));
  const hold = holdToggle({ areaConfigId: area.id }, `the area “${area.name}”`, holds);
  const listed = el("a", { class: "button", href: "#/holds" }, "All legal holds");
  return el(
    "div",
    { class: "area-page" },
    trail,
    head(`Pictures: ${area.name}`, "Everything that was stored of this land, the newest first, and how long it is kept.", hold, listed),
    el("section", { class: "card", "aria-label": "What is kept" }, facts([
      ["Stored", `${counted(kept.images, "picture")}, ${megabytes(kept.storedBytes)}`],
      ["Pinned", count(kept.pinned)],
      ["No longer kept", count(kept.dropped)],
      ["Kept for", `${counted(kept.imageDays, "day")}, and ${counted(kept.imagesPerTile, "picture")} of each tile; with bands ${counted(kept.bandsDays, "day")}`],
    ])),
    search,
    el("div", { class: "card flush" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows)),
    older,
  );
}

function filter(search) {
  const tile = el("input", { name: "tile", placeholder: "z/x/y", pattern: "[0-9]+/[0-9]+/[0-9]+", "aria-label": "Tile" });
  const pinned = el("input", { type: "checkbox", name: "isPinned" });
  const go = (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    if (tile.value.trim()) query.set("tile", tile.value.trim());
    if (pinned.checked) query.set("isPinned", "true");
    search([...query].length > 0 ? `&${query}` : "");
  };
  return el(
    "form",
    { class: "card actions", "aria-label": "Which pictures", on: { submit: go } },
    el("label", {}, "Tile ", tile),
    el("label", { class: "check" }, pinned, " Pinned alone"),
    el("button", { type: "submit" }, "Show"),
  );
}

function row(image) {
  const place = el("tr");
  fill(place, image);
  return place;
}

function fill(place, image) {
  const shown = image.imagePath === null
    ? el("span", { class: "faint" }, "no longer kept")
    : el("a", { href: imageUrl(image.imagePath), target: "_blank", rel: "noopener" }, "Open");
  place.replaceChildren(
    cell("Picture", shown, el("p", { class: "small" }, "tile ", image.tile)),
    cell("Taken", moment(image.takenAt), el("p", { class: "small" }, image.provider)),
    cell("Shows clearly", percent(image.clearShare)),
    cell("Kept", ...howLong(image)),
    cell("Pin", ...pin(place, image)),
  );
}

function howLong(image) {
  if (image.droppedAt !== null) return ["dropped ", moment(image.droppedAt)];
  const uses = [...new Set(image.usedBy.map(({ use }) => use))];
  if (uses.length > 0) return [`for ${uses.map((use) => USES[use] ?? use).join(", ")}`];
  return [image.isBeyondCount ? "not much longer: its tile has newer ones" : "until ", image.isBeyondCount ? null : moment(image.keptUntil)];
}

function pin(place, image) {
  if (image.droppedAt !== null) return [];
  const change = async (deed) => {
    try {
      await deed();
    } catch (error) {
      tell(error.message);
    }
  };
  if (image.isPinned) {
    const free = () => change(async () => {
      await remove(`images/${image.id}/pin`);
      const usedBy = image.usedBy.filter(({ use }) => use !== "pin");
      fill(place, { ...image, isPinned: false, pinReason: null, usedBy, keptUntil: image.keptUntil ?? image.storedAt });
      tell("It is kept no longer than others from now on.");
    });
    return [el("p", { class: "small" }, image.pinReason), button("Unpin", free, { class: "mini" })];
  }
  const keep = async () => {
    const reason = await reasonFor("Pin this picture?", "It is kept for as long as it is pinned.", "Pin it");
    if (reason !== null) await change(async () => fill(place, await put(`images/${image.id}/pin`, { reason })));
  };
  return [button("Pin", keep, { class: "mini", "aria-label": `Pin the picture of tile ${image.tile}` })];
}
