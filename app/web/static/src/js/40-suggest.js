// A text field of words with commas between: suggests the word that is being typed, from `data-suggest` (a JSON list).
// Without a script it is the plain field. Follows the pattern of an editable combobox with a list.
const spoken = document.documentElement.lang;
const folded = (text) => text.trim().toLocaleLowerCase().replaceAll("ё", "е");

function suggest(box) {
  const input = box.querySelector("input");
  const list = box.querySelector("[role=listbox]");
  const status = box.querySelector("[role=status]");
  const names = new Map();
  let options = [];
  let active = -1;
  let timer = 0;
  let asked = null;

  const parts = () => input.value.split(",");
  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (index) => {
    active = index;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (option) => {
    const before = parts().slice(0, -1).map((part) => part.trim()).filter(Boolean);
    input.value = `${[...before, option.textContent].join(", ")}, `;
    close();
    status.textContent = box.dataset.taken.replace("{name}", option.textContent);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const show = (found) => {
    options = found.map((name, index) => {
      const option = document.createElement("li");
      option.id = `${input.id}-option-${index}`;
      option.role = "option";
      option.textContent = name;
      option.setAttribute("aria-selected", "false");
      option.addEventListener("pointerdown", (event) => event.preventDefault());
      option.addEventListener("click", () => take(option));
      return option;
    });
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(options.length > 0));
    status.textContent = options.length ? box.dataset.found.replace("{count}", options.length) : box.dataset.none;
    point(-1);
  };
  const ask = async () => {
    const typed = parts().at(-1).trim();
    if (!typed || typed.length > 60) return close();
    if (!names.has(typed)) {
      asked = new AbortController();
      try {
        const answer = await fetch(`${box.dataset.suggest}?${new URLSearchParams({ q: typed })}`, { signal: asked.signal });
        if (!answer.ok) return close();
        const items = (await answer.json()).items;
        names.set(typed, items.map((item) => item[`name_${spoken}`] ?? item.name));
      } catch {
        return close(); // The next key asks again; what was typed stays.
      }
      if (document.activeElement !== input || parts().at(-1).trim() !== typed) return;
    }
    const taken = new Set(parts().slice(0, -1).map(folded));
    show(names.get(typed).filter((name) => !taken.has(folded(name))));
  };

  input.role = "combobox";
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    asked?.abort();
    if (event.isTrusted) timer = setTimeout(ask, 150);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!open) ask();
      else point(((active + 1 + step + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      take(options[active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
}

document.querySelectorAll("[data-suggest]").forEach(suggest);
