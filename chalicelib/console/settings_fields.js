// The fields of an area's settings, and what they say in the words of the API.

import { dayUntilToday, field, group, number, sensitivities } from "./area_form.js";
import { el } from "./dom.js";
import { kindChoice, chosenKinds } from "./kinds.js";

const WEEKDAYS = [["mon", "Mon"], ["tue", "Tue"], ["wed", "Wed"], ["thu", "Thu"], ["fri", "Fri"], ["sat", "Sat"], ["sun", "Sun"]];
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Make the fields, filled with how an area is set. */
export function settingsFields(area) {
  return [
    group(
      "What it is called",
      field("Name", "name", { required: true, maxlength: 200, autocomplete: "off", value: area.name }, "wide"),
      field("Tags", "tags", { autocomplete: "off", value: area.tags.join(", ") }, "wide", "with commas between, to find it by"),
    ),
    whenFields(area),
    group(
      "What is told",
      number("Alert from, m²", "minChangedAreaM2", { min: 1, value: area.minChangedAreaM2 }, "empty: by the imagery’s detail", "half"),
      number("May stay unseen, %", "unseenTolerance", { min: 0, max: 100, value: tidy(100 * area.unseenTolerance) }, "of it, under an all-clear", "half"),
      el("label", { class: "wide" }, "Sensitivity", sensitivities(area.sensitivity, { name: "sensitivity" })),
      el("div", { class: "wide" }, el("b", {}, "Alert on"), kindChoice(area.alertKinds, "Kinds of change that alert")),
      field("Tell changes since", "compareSince", { ...dayUntilToday(), value: area.compareSince }, "wide", "empty: since the oldest picture"),
      check("confirmBySecondImage", "Tell a change only when a second picture shows it as well", area.confirmBySecondImage),
    ),
  ];
}

function whenFields({ cadenceHours, schedule, looksOnArrival }) {
  const kind = schedule === null ? "hours" : schedule.weekdays === null ? "days" : "weekdays";
  const zones = (Intl.supportedValuesOf?.("timeZone") ?? [OWN_ZONE]).map((zone) => el("option", { value: zone }));
  const part = group(
    "When it is looked at",
    el("label", { class: "wide" }, "How often", el(
      "select",
      { name: "often", on: { change: () => shown(part) } },
      [["hours", "Every so many hours"], ["days", "Every so many days, at a time"], ["weekdays", "On days of the week, at a time"]].map(
        ([value, word]) => el("option", { value, selected: value === kind }, word)),
    )),
    number("Hours between sessions", "cadenceHours", { min: 1, step: 1, value: cadenceHours }, "empty: as the imagery has news", "half of-hours"),
    number("Days between sessions", "everyDays", { min: 1, max: 365, step: 1, value: schedule?.everyDays ?? 7 }, null, "half of-days"),
    el("div", { class: "wide of-weekdays" }, el("b", {}, "Days"), el(
      "div",
      { class: "kind-choice", role: "group", "aria-label": "Days of the week" },
      WEEKDAYS.map(([value, word]) => el("label", { class: "check" }, el("input", { type: "checkbox", name: "weekdays", value, checked: schedule?.weekdays?.includes(value) ?? value === "mon" }), word)),
    )),
    field("At", "at", { type: "time", value: schedule?.at ?? "06:30" }, "half of-days of-weekdays"),
    field("Time zone", "timeZone", { list: "zones", value: schedule?.timeZone ?? OWN_ZONE, autocomplete: "off" }, "half of-days of-weekdays"),
    el("datalist", { id: "zones" }, zones),
    check("looksOnArrival", "As well when a new picture of it arrives", looksOnArrival),
  );
  shown(part);
  return part;
}

// Only what belongs to the chosen way is shown, and said.
function shown(part) {
  const often = part.querySelector("[name=often]").value;
  for (const place of part.querySelectorAll("[class*=of-]")) place.hidden = !place.classList.contains(`of-${often}`);
}

const check = (name, label, checked) => el("label", { class: "wide check" }, el("input", { type: "checkbox", name, checked }), label);

/** Give all that the form says, by the members of the API. */
export function settingsSaid(form) {
  const { elements } = form;
  return {
    name: elements.name.value.trim(),
    tags: elements.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean),
    ...whenSaid(form),
    looksOnArrival: elements.looksOnArrival.checked,
    minChangedAreaM2: numberIn(elements.minChangedAreaM2),
    unseenTolerance: tidy((numberIn(elements.unseenTolerance) ?? 0) / 100),
    sensitivity: elements.sensitivity.value,
    alertKinds: chosenKinds(form.querySelector("[aria-label='Kinds of change that alert']")),
    compareSince: elements.compareSince.value || null,
    confirmBySecondImage: elements.confirmBySecondImage.checked,
  };
}

function whenSaid({ elements }) {
  const at = { at: elements.at.value, timeZone: elements.timeZone.value.trim() };
  switch (elements.often.value) {
    case "hours": return { cadenceHours: numberIn(elements.cadenceHours), schedule: null };
    case "days": return { schedule: { weekdays: null, everyDays: numberIn(elements.everyDays), ...at } };
    default: return { schedule: { weekdays: [...elements.weekdays].filter((box) => box.checked).map((box) => box.value), everyDays: null, ...at } };
  }
}

const numberIn = (input) => (input.value.trim() === "" ? null : Number(input.value));
const tidy = (value) => Number(value.toPrecision(6)); // 5 % is no 0.05000000000000001

/** Give what of the said is another than before. */
export function changesOf(before, said) {
  return Object.fromEntries(Object.entries(said).filter(([name, value]) => !same(before[name], value)));
}

function same(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && [...one].sort().join("\n") === [...other].sort().join("\n");
  if (one === null || other === null || typeof one !== "object") return one === other;
  return Object.keys({ ...one, ...other }).every((name) => same(one[name] ?? null, other[name] ?? null));
}
