// Keys, the palette, and what others do. Every page works without this.

const page = document.body.dataset.page;
const live = document.getElementById("live");
const one = (selector) => document.querySelector(selector);
const LETTERS = "grader-letters-off";

document.documentElement.classList.add("scripted");

function say(text) {
  live.textContent = text;
}

function isTyping(target) {
  return target.matches("input:not([type=checkbox]), textarea, select");
}

function press(selector, otherwise = "That is not on this page.") {
  const control = one(selector);
  if (control) control.click();
  else say(otherwise);
}

// --- marking --------------------------------------------------------------------------------

const form = one("#mark");

function total() {
  const chosen = [...form.querySelectorAll("[name=step]:checked")];
  const sum = chosen.reduce((points, box) => points + Number(box.dataset.points), 0);
  return { count: chosen.length, points: Math.min(Math.max(sum, 0), Number(form.elements.out_of.value)) };
}

function choose(box, on) {
  box.checked = on;
  if (on && box.dataset.one) {
    for (const other of form.querySelectorAll("[name=step]")) {
      if (other !== box && other.dataset.one === box.dataset.one) other.checked = false;
    }
  }
  form.elements.points.value = "";
  const { count, points } = total();
  form.elements.points.placeholder = count ? String(points) : "from steps";
  const words = box.closest("label").querySelector("span").textContent.trim().replace(/\.$/, "");
  say(`${on ? "Chosen" : "Not chosen"}: ${words}. ${points} of ${form.elements.out_of.value} points.`);
}

function setPoints(text) {
  form.elements.points.value = text;
  for (const box of form.querySelectorAll("[name=step]")) box.checked = false;
  say(`${text} points.`);
}

function useComment(text) {
  const field = form.elements.comment;
  field.value = field.value.trim() ? `${field.value.trim()}\n${text}` : text;
  say("Comment put in.");
}

function send(stay) {
  if (form.dataset.sent) return; // the second press of a key is not a second mark
  const button = form.querySelector(stay ? "button[name=go]" : "button.main");
  form.requestSubmit(button);
}

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.name === "step") choose(event.target, event.target.checked);
  });
  form.addEventListener("click", (event) => {
    const { set, comment } = event.target.dataset;
    if (set !== undefined) setPoints(set);
    if (comment !== undefined) useComment(comment);
  });
  form.addEventListener("submit", () => {
    form.dataset.sent = "1";
  });
  form.addEventListener("focusin", (event) => event.target.scrollIntoView({ block: "nearest" })); // not under the bar
  window.addEventListener("pageshow", () => delete form.dataset.sent);
  window.addEventListener("pagehide", () => {
    if (!form.dataset.sent) {
      navigator.sendBeacon("/release", new URLSearchParams({ csrf: document.body.dataset.csrf }));
    }
  });
}

// --- the palette ----------------------------------------------------------------------------

function palette() {
  const found = [
    ...[...form.querySelectorAll("[name=step]")].map((box) => ({
      text: box.closest("label").textContent.replace(/\s+/g, " ").trim(),
      run: () => choose(box, !box.checked),
    })),
    ...[...form.querySelectorAll("[data-comment]")].map((button) => ({
      text: `Comment: ${button.dataset.comment}`,
      run: () => useComment(button.dataset.comment),
    })),
  ];
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "Find a step or comment");
  const field = document.createElement("input");
  field.type = "search";
  field.setAttribute("aria-label", "Words of a step or comment");
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-controls", "found");
  const list = document.createElement("div");
  list.id = "found";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Steps and comments");
  dialog.append(field, list);
  document.body.append(dialog);
  let shown = [];
  let at = 0;
  const draw = () => {
    const wanted = field.value.toLowerCase().split(/\s+/);
    shown = found.filter((entry) => wanted.every((word) => entry.text.toLowerCase().includes(word)));
    at = Math.min(at, Math.max(shown.length - 1, 0));
    list.replaceChildren(
      ...shown.map((entry, number) => {
        const option = document.createElement("div");
        option.setAttribute("role", "option");
        option.id = `found-${number}`;
        option.setAttribute("aria-selected", String(number === at));
        option.textContent = entry.text;
        option.addEventListener("click", () => pick(number));
        return option;
      }),
    );
    field.setAttribute("aria-activedescendant", shown.length ? `found-${at}` : "");
  };
  const pick = (number) => {
    const entry = shown[number];
    dialog.close();
    if (entry) entry.run();
  };
  field.addEventListener("input", draw);
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault();
      pick(at);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a browser would empty the field first, and keys would go on into it
      dialog.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(shown.length, 1);
      draw();
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  draw();
  dialog.showModal();
}

// --- keys -----------------------------------------------------------------------------------

const marking = {
  "+": () => press("[data-set]"),
  f: () => press("[data-set]"),
  "-": () => setPoints("0"),
  z: () => setPoints("0"),
  p: () => form.elements.points.select(),
  c: () => {
    const { comment } = form.elements;
    comment.focus();
    comment.setSelectionRange(comment.value.length, comment.value.length);
  },
  "/": palette,
  s: () => press("#skip button", "A mark of this round is not skipped: leave it, and come back."),
  h: () => {
    if (!one("#aside")) return say("A mark of this round is not handed on.");
    one("#aside").open = true;
    return one("#note").focus();
  },
  m: () => {
    const all = form.elements.all;
    if (!all) return say("No other answer is equal to this one.");
    all.checked = !all.checked;
    const words = all.closest("label").querySelector("span").textContent;
    return say(`${all.checked ? "Chosen" : "Not chosen"}: ${words}.`);
  },
};
const onward = () => press("#next", "Nothing follows here.");
const back = () => press("#previous", "Nothing comes before this here.");
const anywhere = {
  j: onward,
  ArrowRight: onward,
  k: back,
  ArrowLeft: back,
  n: () => press("#unmarked", "Nothing else waits here."),
  i: () => press("#history"),
  u: () => one("#undo").requestSubmit(),
  o: () => press(".override[aria-keyshortcuts]"),
  "?": () => press("#keys"),
};
const after = {
  c: () => press("#course"),
  s: () => press("#submission"),
  a: () => press("#agreement"),
  r: () => press("#requests"),
};
let pending = false;

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const own = isTyping(target) && target.form ? target.form : form; // a note is no mark
    if (!own) return;
    event.preventDefault();
    if (own === form) send(false);
    else own.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "Escape" && isTyping(target)) {
    target.blur();
    return;
  }
  if (isTyping(target) || localStorage.getItem(LETTERS)) return;
  if (form && key === "Enter" && !target.matches("a, button, summary")) {
    event.preventDefault();
    send(true);
    return;
  }
  const step = form && /^[0-9]$/.test(key) ? form.querySelector(`[data-key="${key}"]`) : null;
  if (step) {
    choose(step, !step.checked);
    return;
  }
  const acts = pending ? after : { ...anywhere, ...(form ? marking : {}) };
  pending = !pending && key === "g";
  if (acts[key]) {
    event.preventDefault();
    acts[key]();
  }
});

const here = one(".panel .item[aria-current]");
if (here) here.parentElement.scrollTop = here.offsetTop;

const letters = one("#letters");
if (letters) {
  letters.checked = !localStorage.getItem(LETTERS);
  letters.addEventListener("change", () => {
    if (letters.checked) localStorage.removeItem(LETTERS);
    else localStorage.setItem(LETTERS, "1");
  });
}

// --- what others do -------------------------------------------------------------------------

if (page === "item" || page === "course") {
  const open = form ? form.elements.at.value : "";
  let newest = document.body.dataset.news;
  let stream = null;
  const tell = (event) => {
    newest = event.lastEventId;
    const news = JSON.parse(event.data);
    const path = window.location.pathname;
    if (open && news.code === open && path === `/item/${news.item}`) say(`${news.text} just now: your page is no longer new.`);
    else if (page === "course" || path === `/item/${news.item}`) say(news.text);
  };
  // a browser keeps six connections at most: tabs that nobody looks at leave theirs to others
  const listen = () => {
    stream?.close();
    if (document.hidden) return;
    stream = new EventSource(`/events?after=${newest}`);
    stream.addEventListener("message", tell);
  };
  listen();
  document.addEventListener("visibilitychange", listen);
  window.addEventListener("pagehide", () => stream?.close());
}
