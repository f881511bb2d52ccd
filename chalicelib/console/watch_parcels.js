// Parcels of a layer that are to be watched: all of them, or those of a pasted list of survey numbers.

import { get, post } from "./api.js";
import { costOf } from "./area_settings.js";
import { showFaults } from "./area_form.js";
import { button, el, failure, head, tell } from "./dom.js";
import { count, counted } from "./format.js";
import { drawing } from "./shape.js";

const MOST_SHOWN = 200; // lines of a kind
const HOW = "One a line: plot; mouza, plot; tahasil, mouza, plot; district, tahasil, mouza, plot; or an ULPIN. Or CSV with a first line that names its columns.";
const STATES = [["not compared", "Not compared: this layer has no ULPINs", "warn"], ["not found", "Not found", "bad"], ["ambiguous", "Several fit, or they disagree: choose one", "warn"], ["found", "Found", "good"]];

/** Make the page that makes an area of parcels of a layer. */
export async function watchParcelsPage(layerId, signal) {
  const layer = await get(`layers/${layerId}`, signal);
  const matched = el("div", { class: "import-shown", "aria-live": "polite" });
  const takes = el("div", { class: "tried", "aria-live": "polite" });
  const wrong = el("div", { class: "wrong" });
  const list = el("textarea", { name: "text", rows: 8, spellcheck: "false", autocomplete: "off", placeholder: "Chandaka, 820/1\nChandaka, 821" });
  const name = el("input", { name: "name", required: true, maxlength: 200, autocomplete: "off", value: layer.name });
  const watch = el("button", { type: "submit", class: "main" });
  let wanted = null; // the parcels of the list; null: all
  const form = el(
    "form",
    { class: "card area-form", "aria-label": "Watch parcels", on: { submit } },
    el("fieldset", {}, el("legend", {}, "Which parcels"), el("div", { class: "fields" }, el("label", { class: "wide" }, "Paste a list of survey numbers, or leave it empty for all", list, el("span", { class: "small" }, HOW))), el("div", { class: "actions list-actions" }, button("Find them", find))),
    matched,
    el("fieldset", {}, el("legend", {}, "What it is called"), el("div", { class: "fields" }, el("label", { class: "wide" }, "Name", name))),
    el("section", { class: "side" }, el("h2", {}, "What it takes"), takes),
    el("div", { class: "end" }, wrong, el("div", { class: "actions" }, watch, el("a", { class: "button", href: `#/layers/${layerId}` }, "Cancel"))),
  );
  // What was found is not what the list says any more.
  list.addEventListener("input", () => {
    matched.replaceChildren();
    choose(list.value.trim() === "" ? null : new Set());
  });
  choose(null);
  const trail = el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/layers" }, "Layers"), " / ", el("a", { href: `#/layers/${layerId}` }, layer.name), " / Watch");
  return el("div", { class: "area-page" }, trail, head(`Watch parcels of “${layer.name}”`, "They are one area: what changes between them is not told."), form);

  function choose(parcels) {
    wanted = parcels;
    const number = wanted === null ? layer.version.parcels : wanted.size;
    watch.textContent = number === 0 ? "Find the parcels first" : `Watch ${counted(number, "parcel")}`;
    watch.disabled = number === 0;
    if (number > 0) estimate();
    else takes.replaceChildren();
  }

  function land() {
    const of = { layerId: layer.id, layerVersionId: layer.version.id };
    return wanted === null ? of : { ...of, parcelIds: [...wanted] };
  }

  async function estimate() {
    const asked = wanted;
    try {
      const answer = await post("area-configs/estimate", land(), signal);
      if (asked === wanted) takes.replaceChildren(...(answer.watched ? [drawing(answer.watched)] : []), ...costOf(answer));
    } catch (error) {
      if (!signal.aborted && asked === wanted) takes.replaceChildren(failure(error));
    }
  }

  async function find() {
    matched.replaceChildren(el("p", { class: "small", role: "status" }, "Looking…"));
    wrong.replaceChildren();
    try {
      const answer = await post(`layers/${layerId}/match`, { text: list.value }, signal);
      showFaults(form, {});
      matched.replaceChildren(...outcome(answer, new Set(answer.parcelIds), choose));
      choose(new Set(answer.parcelIds));
    } catch (error) {
      if (signal.aborted) return;
      matched.replaceChildren(failure(error));
      showFaults(form, error);
    }
  }

  async function submit(event) {
    event.preventDefault();
    watch.disabled = true;
    wrong.replaceChildren();
    try {
      const area = await post("area-configs", { ...land(), name: name.value }, signal);
      tell(`“${area.name}” is watched from now on.`);
      location.hash = `#/areas/${area.id}`;
    } catch (error) {
      if (signal.aborted) return;
      wrong.replaceChildren(failure(error));
      showFaults(form, error);
      watch.disabled = false;
    }
  }
}

function outcome(answer, chosen, choose) {
  const pick = (before, parcel) => {
    chosen.delete(before);
    if (parcel !== null) chosen.add(parcel);
    choose(new Set(chosen));
  };
  const counts = `${count(answer.found)} found, ${count(answer.ambiguous)} ambiguous, ${count(answer.notFound)} not found${answer.linesNotCompared > 0 ? `, ${count(answer.linesNotCompared)} not compared` : ""}.`;
  return [
    el("p", { role: "status" }, el("strong", {}, counts)),
    answer.notCompared.length > 0 && el("p", { class: "notice warn" }, `Not compared: ${answer.notCompared.join(", ")}. The layer has no column for it, or the list’s column has no known name.`),
    ...STATES.map(([state, title, tone]) => linesOf(answer.lines.filter((line) => line.state === state), state, title, tone, pick)),
  ].filter(Boolean);
}

function linesOf(lines, state, title, tone, pick) {
  if (lines.length === 0) return null;
  return el(
    "details",
    { class: `matched edge-${tone}`, open: state !== "found" },
    el("summary", {}, `${title}: ${count(lines.length)}`),
    el("ul", {}, lines.slice(0, MOST_SHOWN).map((line) => el("li", {}, el("span", { class: "faint" }, `${line.line} `), line.text, " ", line.note && el("span", { class: "small" }, `${line.note} `), meant(line, pick)))),
    lines.length > MOST_SHOWN && el("p", { class: "small" }, `The first ${MOST_SHOWN} are shown.`),
  );
}

function meant({ state, text, parcels, total }, pick) {
  if (state === "found" || parcels.length === 0) return "";
  if (state === "not found") return el("span", { class: "small" }, `Spelled nearest: ${parcels.map(saidOf).join("; ")}`);
  let before = null;
  const change = () => {
    const parcel = choice.value === "" ? null : Number(choice.value);
    pick(before, parcel);
    before = parcel;
  };
  const choice = el(
    "select",
    { class: "mini", "aria-label": `Which parcel “${text}” is`, on: { change } },
    el("option", { value: "" }, total > parcels.length ? `none of ${count(total)}` : "none"),
    parcels.map((parcel) => el("option", { value: parcel.id }, saidOf(parcel))),
  );
  return choice;
}

const saidOf = ({ name, tags }) => [name, ...Object.values(tags)].filter(Boolean).join(", ");
