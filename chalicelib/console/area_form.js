// The form for a new area, with what watching it would take beside it.

import { post } from "./api.js";
import { el, facts, failure } from "./dom.js";
import { count, counted, m2, megabytes, metres } from "./format.js";
import { USUAL_KINDS, chosenKinds, kindChoice } from "./kinds.js";
import { drawing, shapeFields, shapeSaid } from "./shape.js";
import { SENSITIVITIES, cadence } from "./words.js";

const PAUSE_MS = 400; // after the last key, before the estimate is asked for
export const BOX = ["centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm"];
const NUMBERS = ["cadenceHours", "minChangedAreaM2"];

/** Make the form; `added` is called with the area that came of it. */
export function areaForm(providers, added, signal) {
  const estimate = el("div", { class: "estimate", "aria-live": "polite" });
  const wrong = el("div", { class: "wrong" });
  const send = el("button", { type: "submit", class: "main" }, "Watch this area");
  const form = el("form", { class: "card area-form", on: { submit, input, paste }, novalidate: false }, fields(providers, () => input()));
  let timer = 0;
  let asked = 0;
  showEstimate(null);
  form.append(
    el("section", { class: "side" }, el("h2", {}, "What it takes"), estimate),
    el("div", { class: "end" }, wrong, el("div", { class: "actions" }, send, el("a", { class: "button", href: "#/areas" }, "Cancel"))),
  );
  return form;

  function input(event) {
    if (["centerLat", "centerLon"].includes(event?.target.name)) doubt(false);
    closeBox(form);
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  // "20.3, 85.8" pasted into the latitude fills both.
  function paste(event) {
    const both = /^\s*(?:geo:)?(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)/.exec(event.clipboardData.getData("text"));
    if (event.target.name !== "centerLat" || both === null) return;
    event.preventDefault();
    form.elements.centerLat.value = both[1];
    form.elements.centerLon.value = both[2];
    input();
  }

  // Where the place looks like one whose numbers were exchanged, a box says that it is meant.
  function doubt(isDoubted) {
    form.elements.isPlaceConfirmed.checked = false;
    form.elements.isPlaceConfirmed.closest("label").hidden = !isDoubted;
  }

  function wonder(error) {
    if (error.faults?.some((fault) => fault.detail.includes("isPlaceConfirmed"))) doubt(true);
  }

  async function ask() {
    const number = ++asked;
    try {
      const body = wished(form);
      if (body.geometry === undefined && BOX.some((name) => body[name] === undefined)) {
        showEstimate(null);
        return;
      }
      const answer = await post("area-configs/estimate", body, signal);
      if (number === asked) showEstimate(answer, providers);
    } catch (error) {
      if (signal.aborted || number !== asked) return;
      estimate.replaceChildren(failure(error));
      wonder(error);
    }
  }

  function showEstimate(answer) {
    if (answer === null) {
      estimate.replaceChildren(el("p", { class: "faint" }, "Fill in the position and the reach, or a shape, to see tiles, detail and cost."));
      return;
    }
    const perMonth = answer.costPerSessionUsd * answer.sessionsPerMonth;
    estimate.replaceChildren(
      ...landCost(answer),
      facts([
        ["Alerts from", m2(answer.minChangedAreaM2)],
        ["Looked at", cadence(answer)],
        ["Sessions a month", `about ${Number(answer.sessionsPerMonth.toPrecision(2))}`],
        ["Cost a month", perMonth === 0 ? "none" : `about ${perMonth.toFixed(2)} USD`],
      ]),
      earlierYears(answer.earlierYears),
      answer.unseen && el("p", { class: "small" }, answer.unseen),
      el("p", { class: "attribution" }, `Imagery: ${answer.attribution}`),
    );
  }

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    wrong.replaceChildren();
    try {
      const { name, isToldToOperator } = form.elements;
      added(await post("area-configs", { ...wished(form), name: name.value, isToldToOperator: isToldToOperator.checked }));
    } catch (error) {
      wrong.replaceChildren(failure(error));
      wonder(error);
      showFaults(form, error);
    } finally {
      send.disabled = false;
    }
  }
}

/** Show what an estimate says of the land. */
export function landCost(answer) {
  return [
    ...(answer.watched === null ? [] : [drawing(answer.watched)]),
    ...answer.geometryNotes.map((note) => el("p", { class: "small" }, `Mended: ${note}.`)),
    facts([
      ["Land", m2(answer.areaM2)],
      ["Tiles", count(answer.tiles)],
      ["Detail", `${metres(answer.gsdM)} a pixel`],
    ]),
  ];
}

function earlierYears(takes) {
  if (takes === null) return null;
  const { images, looks, requests, receivedBytes, storedBytes, seconds } = takes;
  const time = seconds < 90 ? counted(Math.round(seconds), "second") : counted(Math.round(seconds / 60), "minute");
  const first = `Beside the first ${counted(looks, "look")} ${counted(images, "picture")} of the same season of earlier years are fetched:`;
  return el("p", { class: "small" }, `${first} about ${count(requests)} requests, ${megabytes(receivedBytes)} and ${time} of work; ${megabytes(storedBytes)} are kept. They cost nothing.`);
}

/** Leave one of the two ways to say the land open: the box, until there is a shape. */
export function closeBox(form) {
  for (const name of BOX) form.elements.namedItem(name).disabled = form.elements.geometry.value.trim() !== "";
}

function wished(form) {
  const body = shapeSaid(form);
  for (const name of body.geometry === undefined ? [...BOX, ...NUMBERS] : NUMBERS) {
    const text = form.elements.namedItem(name).value.trim();
    if (text !== "") body[name] = Number(text);
  }
  if (form.elements.provider.value !== "") body.provider = form.elements.provider.value;
  if (form.elements.compareSince.value !== "") body.compareSince = form.elements.compareSince.value;
  body.sensitivity = form.elements.sensitivity.value;
  body.alertKinds = chosenKinds(form.querySelector(".kind-choice"));
  if (form.elements.isPlaceConfirmed.checked) body.isPlaceConfirmed = true;
  return body;
}

function fields(providers, changed) {
  const usual = el("option", { value: "", selected: true }, "whoever is usual here");
  const options = [usual, ...providers.map((provider) => el("option", { value: provider.name }, named(provider)))];
  return [
    group(
      "Where",
      field("Name", "name", { required: true, maxlength: 200, autocomplete: "off" }, "wide"),
      el("label", { class: "wide check", hidden: true }, el("input", { type: "checkbox", name: "isPlaceConfirmed" }), "The place is meant as it is"),
    ),
    boxFields({ northKm: 0.5, southKm: 0.5, eastKm: 0.5, westKm: 0.5 }),
    shapeFields(changed),
    group(
      "How it is watched",
      el("label", { class: "wide" }, "Imagery", el("select", { name: "provider" }, options)),
      number("Hours between sessions", "cadenceHours", { min: 1, step: 1 }, "empty: as the imagery has news", "half"),
      number("Alert from, m²", "minChangedAreaM2", { min: 1 }, "empty: by the imagery’s detail", "half"),
      field("Tell changes since", "compareSince", dayUntilToday(), "wide", "empty: since the oldest picture"),
      el("label", { class: "wide" }, "Sensitivity", sensitivities("normal", { name: "sensitivity" })),
      el("div", { class: "wide" }, el("b", {}, "Alert on"), kindChoice(USUAL_KINDS, "Kinds of change that alert")),
      el("label", { class: "wide check" }, el("input", { type: "checkbox", name: "isToldToOperator" }), "Also tell who runs this service what changes here"),
    ),
  ];
}

/** Make the fields of a box, as it is. */
export function boxFields(box) {
  const reaches = (label, name) => number(label, name, { min: 0, required: true, value: box[name] });
  return [
    group(
      "Its middle",
      number("Latitude", "centerLat", { min: -85, max: 85, required: true, placeholder: "20.29610", value: box.centerLat ?? "" }, "degrees; south is negative", "half"),
      number("Longitude", "centerLon", { min: -180, max: 180, required: true, placeholder: "85.82450", value: box.centerLon ?? "" }, "degrees; west is negative", "half"),
    ),
    group("How far it reaches from there, in kilometres", reaches("North", "northKm"), reaches("South", "southKm"), reaches("East", "eastKm"), reaches("West", "westKm")),
  ];
}

/** Say each fault of a refusal at the field that it is of, and go to the first. */
export function showFaults(form, error) {
  for (const old of form.querySelectorAll(".fault")) old.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  const faulty = (error.faults ?? []).map((fault) => [fault, fieldOf(form, fault.pointer)]).filter(([, field]) => field !== null);
  for (const [fault, field] of faulty) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `fault-${field.name}`);
    field.after(el("span", { class: "fault small", id: `fault-${field.name}` }, fault.detail));
  }
  faulty[0]?.[1].focus();
}

// "/schedule/timeZone" is of the field of that name; where there is none, of that of its group.
function fieldOf(form, pointer) {
  const names = pointer.split("/").filter((name) => name !== "" && !/^\d+$/.test(name)).reverse();
  const found = names.map((name) => form.elements.namedItem(name)).find(Boolean) ?? null;
  return found instanceof RadioNodeList ? found[0] : found;
}

/** Show the page anew, as it is now. */
export const changed = () => window.dispatchEvent(new HashChangeEvent("hashchange"));

/** Make the choice of how readily an area alerts. */
export function sensitivities(chosen, properties) {
  const options = SENSITIVITIES.map(([value, word]) => el("option", { value, selected: value === chosen }, word));
  return el("select", properties, options);
}

/** Give the properties of an input that takes a day, none of which is still to come. */
export function dayUntilToday() {
  return { type: "date", min: "1900-01-01", max: new Date().toISOString().slice(0, 10) };
}

const named = (provider) => `${provider.name} (${provider.licence})`;

/** Make a group of fields. */
export const group = (legend, ...children) => el("fieldset", {}, el("legend", {}, legend), el("div", { class: "fields" }, children));

/** Make a field with its label, and a hint. */
export function field(label, name, properties, place = null, hint = null) {
  return el("label", { class: place }, label, el("input", { name, ...properties }), hint && el("span", { class: "small" }, hint));
}

/** Make a field for a number. */
export function number(label, name, properties, hint = null, place = null) {
  return field(label, name, { type: "number", step: "any", inputmode: "decimal", ...properties }, place, hint);
}
