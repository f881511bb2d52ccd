// The console's frame: which page is shown, who is signed in, and what happens when a page fails.

import { accountPage } from "./account.js";
import { forget, get, isSignedIn, post } from "./api.js";
import { areaPage } from "./area.js";
import { areasPage } from "./areas.js";
import { datesPage } from "./dates.js";
import { el, empty, failure, tell } from "./dom.js";
import { imagesPage } from "./history.js";
import { holdsPage } from "./holds.js";
import { importPage } from "./import_layer.js";
import { layerPage, layersPage } from "./layers.js";
import { newAreaPage } from "./new_area.js";
import { pushesPage } from "./pushes.js";
import { sessionPage } from "./session.js";
import { sessionsPage } from "./sessions.js";
import { signInPage } from "./sign_in.js";
import { watchParcelsPage } from "./watch_parcels.js";

const PAGES = [
  [/^#\/areas(?:\?(.*))?$/, areasPage, "Areas"],
  [/^#\/areas\/new$/, newAreaPage, "Add an area"],
  [/^#\/areas\/(\d+)$/, areaPage, "Area"],
  [/^#\/areas\/(\d+)\/dates$/, datesPage, "Compare two dates"],
  [/^#\/areas\/(\d+)\/images$/, imagesPage, "Pictures"],
  [/^#\/holds$/, holdsPage, "Legal holds"],
  [/^#\/sessions$/, sessionsPage, "Sessions"],
  [/^#\/sessions\/area\/(\d+)$/, sessionsPage, "Sessions"],
  [/^#\/sessions\/(\d+)(?:\/alert\/(\d+))?$/, sessionPage, "Session"],
  [/^#\/layers$/, layersPage, "Layers"],
  [/^#\/layers\/new$/, importPage, "Import a file"],
  [/^#\/layers\/(\d+)$/, layerPage, "Layer"],
  [/^#\/layers\/(\d+)\/watch$/, watchParcelsPage, "Watch parcels"],
  [/^#\/layers\/(\d+)\/new$/, importPage, "Import a newer version"],
  [/^#\/pushes$/, pushesPage, "Pushes"],
  [/^#\/account$/, accountPage, "Account"],
];
const content = document.getElementById("content");
const top = document.getElementById("top");
let life = new AbortController(); // of the page that is shown: aborted when it is left

async function show() {
  life.abort();
  life = new AbortController();
  const { signal } = life;
  top.hidden = !isSignedIn();
  if (!isSignedIn()) {
    place("Sign in", signInPage(signedIn));
    return;
  }
  const found = PAGES.map(([pattern, page, title]) => [pattern.exec(location.hash), page, title]).find(([match]) => match);
  if (!found) {
    if (location.hash === "" || location.hash === "#/") location.replace("#/areas");
    else place("Not found", empty("There is no such page", "The address may be old.", areasLink()));
    return;
  }
  const [match, page, title] = found;
  markNavigation();
  content.replaceChildren(el("p", { class: "loading", role: "status" }, "Loading…"));
  try {
    const shown = await page(...match.slice(1), signal);
    if (!signal.aborted) place(title, shown);
  } catch (error) {
    if (signal.aborted || !isSignedIn()) return;
    place(title, error.status === 404 ? gone() : failure(error, show));
  }
}

function place(title, shown) {
  document.title = `${title} · Bhuprahari`;
  content.replaceChildren(shown);
  (content.querySelector("h1") ?? content).focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function gone() {
  return empty("There is nothing here", "It was deleted, or it belongs to somebody else.", areasLink());
}

const areasLink = () => el("a", { class: "button", href: "#/areas" }, "Go to your areas");

function markNavigation() {
  for (const link of top.querySelectorAll("nav a")) {
    const isHere = location.hash.startsWith(link.getAttribute("href"));
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function signedIn() {
  await who();
  await show();
}

async function who() {
  const user = await get("auth/me");
  document.getElementById("who").textContent = user.email;
}

async function signOut() {
  try {
    await post("auth/logout");
  } catch {
    // It is forgotten here in any case; the token itself ends by its date.
  }
  forget();
  await show();
  tell("You are signed out.");
}

document.getElementById("sign-out").addEventListener("click", signOut);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the page's own
  content.focus();
});
window.addEventListener("hashchange", show);
window.addEventListener("signed-out", () => {
  life.abort();
  top.hidden = true;
  // It stays, for whoever comes back after a while.
  const ended = el("p", { class: "notice warn", role: "alert" }, "Your sign-in has ended. Sign in again.");
  place("Sign in", signInPage(signedIn, ended));
});
if (isSignedIn()) who().catch(() => {}); // the page itself says what is wrong
show();
