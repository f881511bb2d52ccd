// The parcels that a change touches, as its alert kept them, and what their permits mean for it.

import { cell, el } from "./dom.js";
import { count, counted, percent } from "./format.js";
import { badge } from "./words.js";

const PERMITS = {
  valid: ["Valid permit", "circle", "good"],
  revoked: ["Revoked permit", "octagon", "bad"],
  disputed: ["Disputed permit", "diamond", "warn"],
  expired: ["Expired permit", "square", "plain"],
  "not yet valid": ["Permit not valid yet", "square", "plain"],
};

/** Make the badge of an alert that permits allow; null for any other. */
export function authorisedBadge(alert) {
  if (!alert.likelyAuthorised) return null;
  return badge("Likely authorised", "circle", "good", "All of it lies inside permits that were valid that day: nobody was told.");
}

/** Make the badge of an alert whose change people knew; null for any other. */
export function toldBeforeBadge(alert) {
  if (!alert.toldBefore) return null;
  return badge("Told before", "circle", "plain", "All of it was told before, by this picture or by another one since the picture before: nobody was told again.");
}

/** Make the table of the parcels that an alert names; null where it names none. */
export function parcelTable(alert) {
  const named = alert.parcels ?? [];
  if (named.length === 0) return null;
  const more = alert.parcelsTouched - named.length;
  const titles = ["Parcel", "Layer", "Of the change", "Permit"];
  const rows = named.map((parcel) =>
    el(
      "tr",
      {},
      cell("Parcel", el("strong", {}, parcel.name), tags(parcel)),
      cell("Layer", parcel.layerName, parcel.layerVersion && el("span", { class: "faint" }, ` version ${parcel.layerVersion}`)),
      cell("Of the change", inside(parcel)),
      cell("Permit", permitBadge(parcel), parcel.permit && ` ${parcel.reference ?? ""}`, parcel.permit && days(parcel)),
    ),
  );
  return el(
    "table",
    { class: "list parcels" },
    el("caption", {}, `On ${counted(alert.parcelsTouched, "parcel")} of your layers, as they were then`, more > 0 && `; ${count(more)} not listed`),
    el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, rows),
  );
}

function permitBadge({ permit }) {
  return permit === null ? null : badge(...(PERMITS[permit] ?? [permit, "diamond", "warn"]));
}

/** Say of a parcel that is a permit how it stands and when, as its file was understood. */
export const permitOf = (parcel) => el("span", {}, parcel.state, days(parcel), parcel.reference && `, ${parcel.reference}`);

function days({ validFrom, validTo }) {
  const said = [validFrom && `from ${validFrom}`, validTo && `to ${validTo}`].filter(Boolean).join(" ");
  return said === "" ? null : el("span", { class: "faint" }, ` ${said}`);
}

function inside(parcel) {
  if (!parcel.maybe) return percent(parcel.share);
  return el("span", { title: "Nearer to its border than the layer is accurate" }, parcel.share > 0 ? `maybe ${percent(parcel.share)}` : "maybe: it is very near");
}

function tags(parcel) {
  const text = Object.entries(parcel.tags).map(([name, value]) => `${name} ${value}`).join(", ");
  return text === "" ? null : el("span", { class: "faint" }, ` ${text}`);
}
