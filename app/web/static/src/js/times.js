// Formatting of times in the reader's time zone and language.

/**
 * Return the moment an attribute names, or null where it names none.
 * @param {string} text as in `datetime`
 * @returns {Date | null}
 */
export function parseMoment(text) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

/**
 * Return a function that writes date, time and the short name of the time zone.
 * @param {string} language
 * @param {string} [timeZone] the reader's own unless given
 * @returns {(moment: Date) => string}
 */
export function momentWithZone(language, timeZone) {
  const whole = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone });
  const named = new Intl.DateTimeFormat(language, { timeZoneName: "short", hour: "numeric", timeZone });
  return (moment) => {
    const zone = named.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "";
    return `${whole.format(moment)} ${zone}`.trim();
  };
}

/**
 * Return a function that writes hours and minutes of a 24-hour clock.
 * @param {string} language
 * @param {string} [timeZone] the reader's own unless given
 * @returns {(moment: Date) => string}
 */
export function clockTime(language, timeZone) {
  const format = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  return (moment) => format.format(moment);
}
