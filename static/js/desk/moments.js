// Days and times: chips for today, yesterday and tomorrow, and times typed as 905, 0905 or 9:05.

const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Hong_Kong" });
const CLOCK = /^(\d{1,2})[:：.時时]?(\d{2})分?$/;

export class Moments {
  constructor(form) {
    for (const chips of form.querySelectorAll("[data-day-chips]")) {
      chips.hidden = false;
      const field = chips.parentElement.querySelector(".day");
      const show = () => {
        for (const chip of chips.children) {
          chip.setAttribute("aria-pressed", String(field.value === dayAt(Number(chip.dataset.day))));
        }
      };
      chips.addEventListener("click", ({ target }) => {
        const chip = target.closest("[data-day]");
        if (!chip) return;
        const day = dayAt(Number(chip.dataset.day));
        field.value = field.value === day ? "" : day;
        for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
      });
      field.addEventListener("input", show);
      form.addEventListener("composer:cleared", show);
      show();
    }
    for (const field of form.querySelectorAll(".clock")) {
      field.addEventListener("change", () => {
        field.value = clockOf(field.value);
      });
    }
  }
}

/** Return the Hong Kong day `offset` days from today as YYYY-MM-DD. */
function dayAt(offset) {
  return DAY.format(Date.now() + offset * 86_400_000);
}

/** Return a typed time as HH:MM, or unchanged if it is not a time. */
export function clockOf(typed) {
  const [, hour, minute] = CLOCK.exec(typed.normalize("NFKC").trim()) ?? [];
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return typed;
  return `${hour.padStart(2, "0")}:${minute}`;
}
