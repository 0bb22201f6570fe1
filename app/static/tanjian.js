/* Comfort on top of pages that work without it: drafts, keys, guards. No framework. */
"use strict";

(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const meta = (name) => $(`meta[name="${name}"]`)?.content ?? "";
  const words = $("#words")?.dataset ?? {};
  const time = (at = new Date()) => at.toTimeString().slice(0, 5);

  /* Drafts. A form with data-draft-url saves itself two seconds after the last key. */

  const KEPT = "tanjian.draft.";
  const KEPT_DAYS = 7;

  /* What is sealed is kept nowhere before it is sent: not on the server, not in the browser. */
  function valuesOf(form) {
    const values = {};
    const sealed = new Set($$("[data-sealed]", form).map((control) => control.name));
    for (const [name, value] of new FormData(form)) {
      if (typeof value !== "string" || name === "csrf_token" || sealed.has(name)) continue;
      values[name] = name in values ? [].concat(values[name], value) : value;
    }
    return values;
  }

  function fill(form, values) {
    for (const control of form.elements) {
      if (!control.name || ["hidden", "file", "submit", "button"].includes(control.type)) continue;
      const value = [].concat(values[control.name] ?? []);
      if (control.type === "checkbox" || control.type === "radio") control.checked = value.includes(control.value);
      else if (control.multiple && control.options) for (const o of control.options) o.selected = value.includes(o.value);
      else if (control.name in values) control.value = value[0] ?? "";
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  class Draft {
    constructor(form) {
      this.form = form;
      this.url = form.dataset.draftUrl;
      this.key = KEPT + meta("person") + ":" + this.url;
      this.state = $("[data-draft-state]", form) ?? form.appendChild(Object.assign(document.createElement("p"), { className: "draft-state" }));
      this.state.setAttribute("role", "status");
      this.saved = JSON.stringify(valuesOf(form));
      this.failed = false;
      this.offer();
      form.addEventListener("input", () => this.later());
      form.addEventListener("change", () => this.later());
      addEventListener("beforeunload", (event) => { if (this.failed) event.preventDefault(); });
    }

    say(text, failed = false, link = null) {
      this.state.replaceChildren(document.createTextNode(text));
      this.state.toggleAttribute("data-failed", failed);
      if (link) this.state.append(" ", link);
    }

    later(delay = 2000) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), delay);
    }

    /* True if what is typed is safe on the server. */
    async save() {
      clearTimeout(this.timer);
      const text = JSON.stringify(valuesOf(this.form));
      if (text === this.saved && !this.failed) return true;
      this.say(words.saving ?? "");
      let answer = null;
      try {
        answer = await fetch(this.url, {
          method: this.form.dataset.draftMethod ?? "PUT",
          headers: { "Content-Type": "application/json", "X-CSRFToken": meta("csrf-token"), Accept: "application/json" },
          body: text,
        });
      } catch { /* no network: told below */ }
      if (answer?.ok && !answer.redirected) {
        this.saved = text;
        this.failed = false;
        localStorage.removeItem(this.key);
        const { saved_at: savedAt } = await answer.json().catch(() => ({}));
        this.say((words.saved ?? "").replace("TIME", savedAt ?? time()));
        return true;
      }
      this.keep(text);
      this.expired = answer !== null && (answer.redirected || [400, 401].includes(answer.status));
      this.failed = !this.expired;
      if (this.expired) this.sayExpired();
      else {
        this.say(words.failed ?? "", true);
        this.later(15000);
      }
      return false;
    }

    /* The form itself is being sent: if the session is over, the server keeps what it says. */
    leave() {
      clearTimeout(this.timer);
      this.failed = false;
    }

    sayExpired() {
      const link = document.createElement("a");
      link.href = `${words.signInUrl ?? "/"}?next=${encodeURIComponent(location.pathname + location.search)}`;
      link.textContent = words.signIn ?? "";
      this.say(words.expired ?? "", true, link);
    }

    keep(text) {
      try { localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), text })); } catch { /* storage is full or off */ }
    }

    /* A copy kept while the session was over is offered once, and never overwrites by itself. */
    offer() {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
      if (!kept || kept.text === this.saved) return localStorage.removeItem(this.key);
      const bar = Object.assign(document.createElement("div"), { className: "notice notice-soon" });
      const button = (text, act) => {
        const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm btn-outline-secondary", textContent: text });
        made.addEventListener("click", () => { act(); localStorage.removeItem(this.key); bar.remove(); });
        return made;
      };
      const text = Object.assign(document.createElement("p"), { textContent: (words.kept ?? "").replace("TIME", time(new Date(kept.at))) });
      bar.setAttribute("role", "status");
      bar.append(text, button(words.restore ?? "", () => fill(this.form, JSON.parse(kept.text))), button(words.discard ?? "", () => {}));
      this.form.before(bar);
    }
  }

  const drafts = new Map($$("form[data-draft-url]").map((form) => [form, new Draft(form)]));
  for (const key of Object.keys(localStorage).filter((k) => k.startsWith(KEPT))) {
    const kept = JSON.parse(localStorage.getItem(key));
    if (Date.now() - kept.at > KEPT_DAYS * 86400000) localStorage.removeItem(key);
  }

  /* What stands beside a form and follows the typing: asked anew when the keys rest. */

  class Aside {
    constructor(box) {
      this.box = box;
      this.form = $("#act");
      $$("[data-recount]").forEach((line) => { line.hidden = true; });
      for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.later());
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), 400);
    }

    async ask() {
      const text = JSON.stringify(valuesOf(this.form));
      if (text === this.asked) return;
      this.asked = text;
      this.before?.abort();
      this.before = new AbortController();
      this.box.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(this.box.dataset.aside, {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-CSRFToken": meta("csrf-token") },
          body: text,
          signal: this.before.signal,
        });
        if (!answer.ok || answer.redirected) throw new Error(answer.status);
        const open = new Set($$("details[open]", this.box).map((one) => one.id));
        this.box.innerHTML = await answer.text();
        for (const one of $$("details", this.box)) one.open ||= open.has(one.id);
      } catch (error) {
        if (error.name === "AbortError") return;
        this.asked = null;
        $$("[data-recount]").forEach((line) => { line.hidden = false; });
      }
      this.box.removeAttribute("aria-busy");
    }
  }

  $$("[data-aside]").forEach((box) => new Aside(box));

  /* Submitting: ask where asked to, send once. */

  function ask(sentence, button) {
    const dialog = $("#confirm");
    $("p", dialog).textContent = sentence;
    dialog.onclick = (event) => {
      const answer = event.target.closest("button")?.value;
      if (!answer) return;
      dialog.close();
      if (answer === "yes") {
        button.dataset.confirmed = "yes";
        if (button.name === "confirmed") button.value = "yes";
        button.form.requestSubmit(button);
      }
    };
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.method === "dialog" || form.method === "get") return;
    if (form.dataset.sent) return event.preventDefault();
    if (button?.dataset.confirm && !button.dataset.confirmed) {
      event.preventDefault();
      return ask(button.dataset.confirm, button);
    }
    drafts.get(form)?.leave();
    form.dataset.sent = "yes";
    setTimeout(() => $$("button, input[type=submit]", form).forEach((b) => { b.disabled = true; }));
  });

  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) {
      delete form.dataset.sent;
      $$("button, input[type=submit]", form).forEach((b) => { b.disabled = false; });
    }
  });

  /* Files: their names and sizes, and a warning before a long upload that would be refused. */

  const size = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  document.addEventListener("change", ({ target }) => {
    if (target.type !== "file") return;
    const limit = Number(target.dataset.maxSize ?? 0);
    const list = target.parentElement.querySelector(".chosen") ?? target.insertAdjacentElement("afterend", Object.assign(document.createElement("ul"), { className: "chosen" }));
    list.replaceChildren(...[...target.files].map((file) => Object.assign(document.createElement("li"), { textContent: `${file.name}  ${size(file.size)}` })));
    const large = limit && [...target.files].find((file) => file.size > limit);
    target.setCustomValidity(large ? (words.tooLarge ?? "").replace("NAME", large.name).replace("LIMIT", size(limit)) : "");
    target.reportValidity();
  });

  /* Rows lead to their page; a click on a link, a control or a marked text stays what it is. */

  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label, select, summary") && !String(getSelection())) location.assign(row.dataset.href);
    for (const open of $$("details.drop[open], details.menu-sheet[open]")) if (!open.contains(event.target)) open.open = false;
  });

  /* Keys: j and k walk the rows, Enter opens, / searches, ? explains. They can be switched off. */

  const OFF = "tanjian.keys.off";
  const rows = () => $$("[data-row], tr[data-href]").filter((row) => row.offsetParent !== null);

  function walk(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("row-at"));
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    all.forEach((row) => row.classList.toggle("row-at", row === next));
    $("a", next)?.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  const act = {
    j: () => walk(1),
    k: () => walk(-1),
    "/": () => $("#search")?.focus(),
    "?": () => $("#keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const open of $$("details.drop[open], details.menu-sheet[open]")) { open.open = false; $("summary", open).focus(); }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || localStorage.getItem(OFF)) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]")) return;
    if (act[event.key]) {
      event.preventDefault();
      act[event.key]();
    }
  });

  const keys = $("#keys");
  if (keys) {
    const on = $("#keys-on", keys);
    on.checked = !localStorage.getItem(OFF);
    on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
    $("button", keys).addEventListener("click", () => keys.close());
  }

  /* Work in many steps goes on by itself; leaving the page stops it. */
  $("form[data-continue]")?.requestSubmit();

  $("#errors")?.focus();
})();
