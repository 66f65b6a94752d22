/* Everything the pages do beyond what HTML and htmx do, by data-* hooks. The pages work without it.
   data-copy, data-share: what to copy or share · data-print: prints the page · data-reveal: id of the password field to show
   form[data-busy]: what its button says once sent · showToast: the event that answers carry in HX-Trigger */
"use strict";

(() => {
  const page = document.documentElement;
  page.classList.add("js");

  /* Toasts */

  const TONES = { success: "good", info: "waiting", warning: "notice", error: "trouble", danger: "trouble" };

  function toast(message, type) {
    const element = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    element.classList.add(`tone-${TONES[type] || "waiting"}`);
    element.querySelector("p").textContent = message;
    document.getElementById("toasts").append(element);
    element.addEventListener("hidden.bs.toast", () => element.remove());
    const isBad = TONES[type] === "trouble";
    new bootstrap.Toast(element, { delay: isBad ? 10000 : 6000 }).show();
  }

  document.addEventListener("showToast", (event) => toast(event.detail.message, event.detail.type));

  /* Copying, sharing, showing a password */

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const box = document.createElement("textarea"); // without https there is no clipboard API
    box.value = text;
    box.className = "visually-hidden";
    document.body.append(box);
    box.select();
    const isCopied = document.execCommand("copy");
    box.remove();
    if (!isCopied) throw new Error("not copied");
  }

  async function copyFrom(button) {
    try {
      await copy(button.dataset.copy);
    } catch {
      return toast("Su navegador no dejó copiar. Mantenga oprimido el texto para copiarlo.", "warning");
    }
    const label = button.querySelector("[data-label]");
    const before = label.textContent;
    if (before === button.dataset.copied) return;
    label.textContent = button.dataset.copied;
    toast(button.dataset.copied, "success");
    setTimeout(() => { label.textContent = before; }, 3000);
  }

  function share(button) {
    navigator.share({ text: button.dataset.shareText, url: button.dataset.share }).catch(() => {});
  }

  function reveal(button) {
    const field = document.getElementById(button.dataset.reveal);
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-share], [data-reveal], [data-print]");
    if (!button) return;
    if ("print" in button.dataset) return window.print();
    if ("copy" in button.dataset) copyFrom(button);
    else if ("share" in button.dataset) share(button);
    else reveal(button);
  });

  if (navigator.share) document.querySelectorAll("[data-share]").forEach((button) => { button.hidden = false; });

  /* Plain forms: say that it was sent, and send it once */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.busy) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = form.querySelector("[type=submit]");
    button.dataset.before = button.textContent;
    button.textContent = form.dataset.busy;
    button.setAttribute("aria-busy", "true");
  });

  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      const button = form.querySelector("[type=submit]");
      button.textContent = button.dataset.before;
      button.removeAttribute("aria-busy");
      delete form.dataset.sent;
    });
  });

  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  /* A complaint that came while somebody typed marks its field, as on a page that was sent */

  document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    if (!target.id.endsWith("_notes")) return;
    const field = document.getElementById(target.id.replace(/_notes$/, ""));
    if (target.querySelector(".errorlist")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  });

  /* htmx: polls rest while nobody looks and catch up on return; focus lost by a swap comes back */

  const isPolling = (element) => (element.getAttribute("hx-trigger") || "").includes("every");
  const hadFocus = new Set(); // ids of targets that held the focus when their request went out
  const offline = document.getElementById("sin-conexion");

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (document.hidden && isPolling(elt)) return event.preventDefault();
    if (target.id && target.contains(document.activeElement)) hadFocus.add(target.id); // now: a disabled button loses it
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.querySelectorAll('[hx-get][hx-trigger*="every"]').forEach((element) => {
      htmx.ajax("GET", element.getAttribute("hx-get"), { source: element, swap: element.getAttribute("hx-swap") });
    });
  });

  document.addEventListener("htmx:afterRequest", ({ detail: { target, requestConfig: { elt } } }) => {
    if (!hadFocus.delete(target.id) || document.activeElement !== document.body) return;
    const button = document.contains(elt) ? elt.querySelector("button") : null;
    (button || document.getElementById(target.id))?.focus({ preventScroll: true });
  });

  /* The network */

  const showOffline = () => { offline.hidden = false; };
  const hideOffline = () => { offline.hidden = true; };
  document.addEventListener("htmx:sendError", showOffline);
  document.addEventListener("htmx:timeout", showOffline);
  document.addEventListener("htmx:afterOnLoad", hideOffline);
  window.addEventListener("offline", showOffline);
  window.addEventListener("online", hideOffline);

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    hideOffline();
    if (xhr.getResponseHeader("HX-Trigger") || isPolling(elt)) return; // it came with its own message, or asks again
    toast("Algo falló de nuestro lado. Intente de nuevo en un momento.", "error");
  });
})();
