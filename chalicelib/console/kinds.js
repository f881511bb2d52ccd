// The kinds of change: the five words that people read, what each holds, and the choice of those that alert.

import { el } from "./dom.js";
import { percent } from "./format.js";

const READING_KINDS = [
  { word: "Built", meaning: "buildings, paved lots, roads", kinds: ["built", "road"] },
  { word: "Earth moved", meaning: "cleared, dug or filled ground", kinds: ["bare_earth"] },
  { word: "Plants lost", meaning: "felled or cleared plants", kinds: ["vegetation_lost"] },
  { word: "Water lost", meaning: "ground where water was", kinds: ["water_lost"] },
  {
    word: "Other",
    meaning: "crops, seasons, growth, new water, and the rest",
    kinds: ["vegetation_grown", "crop_or_season", "water_gained", "other"],
  },
];

const FINE = { road: "a road", vegetation_grown: "plants grown", crop_or_season: "crops or season", water_gained: "water gained" };

/** Say a region's kind in one of five words, with what it is more exactly and how probable that is. */
export function kindText(region) {
  const kind = region.kind ?? "other";
  const { word } = READING_KINDS.find(({ kinds }) => kinds.includes(kind)) ?? READING_KINDS.at(-1);
  const exactly = FINE[kind] ? ` (${FINE[kind]})` : "";
  if (region.kind_probability === null || region.kind_probability === undefined) {
    return el("span", { title: "What kind of change it is was not told" }, word, exactly);
  }
  return el("span", {}, word, exactly, el("span", { class: "faint" }, ` ${percent(region.kind_probability)}`));
}

/** Make the choice of the kinds that alert: five boxes, those of `chosen` checked. */
export function kindChoice(chosen, label) {
  const boxes = READING_KINDS.map(({ word, meaning, kinds }) =>
    el(
      "label",
      { class: "check", title: meaning },
      el("input", { type: "checkbox", value: kinds.join(" "), checked: kinds.some((kind) => chosen.includes(kind)) }),
      word,
    ));
  return el("div", { class: "kind-choice", role: "group", "aria-label": label }, boxes);
}

/** Return the kinds that are chosen, as the API names them. */
export function chosenKinds(choice) {
  return [...choice.querySelectorAll("input:checked")].flatMap((box) => box.value.split(" "));
}

/** The kinds that alert where nobody has chosen. */
export const USUAL_KINDS = READING_KINDS.slice(0, -1).flatMap(({ kinds }) => kinds);

/** Say the kinds of an alert or a session after what it is; nothing of one from before there were kinds. */
export function inWords(kinds) {
  return kinds?.length ? ` ${kinds.length > 1 ? "Kinds" : "Kind"}: ${kinds.join(", ")}.` : "";
}
