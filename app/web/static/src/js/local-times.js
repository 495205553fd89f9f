// Writes the exact time of every moment on the page in the reader's own time zone.
import { find, getAll, language } from "./dom.js";
import { momentWithZone, parseMoment } from "./times.js";

const YEAR = 365 * 24 * 3600;

/** Tell the server the time zone of a signed-in person, for which day it is. */
function tellTimeZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const cookie = `time_zone=${zone}`;
  if (!zone || !find(document, 'form[action="/sign-out"]') || document.cookie.split("; ").includes(cookie)) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox before 140 and in plain HTTP.
  document.cookie = `${cookie}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

export function startLocalTimes() {
  tellTimeZone();
  const describe = momentWithZone(language());
  for (const time of getAll(document, "time[data-exact]", HTMLTimeElement)) {
    const moment = parseMoment(time.dateTime);
    if (moment) time.textContent = describe(moment);
  }
  for (const time of getAll(document, "time[title]", HTMLTimeElement)) {
    const moment = parseMoment(time.dateTime);
    if (!moment) continue;
    time.title = describe(moment);
    const spoken = find(time, ".sr");
    if (spoken) spoken.textContent = ` (${time.title})`;
  }
}
