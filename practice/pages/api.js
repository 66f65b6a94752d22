/* Replaces Google's captcha script: a checkbox, and the same field and functions that clients use. */
(() => {
  "use strict";

  const FIELD = "g-recaptcha-response";

  const askForToken = async (widget) => {
    const form = new URLSearchParams({
      page: location.origin + location.pathname,
      sitekey: widget.dataset.sitekey,
    });
    const response = await fetch("/recaptcha/practica", { method: "POST", body: form });
    return response.text();
  };

  const draw = (widget) => {
    const answer = document.createElement("textarea");
    answer.id = answer.name = FIELD;
    answer.className = FIELD;
    answer.hidden = true;

    const box = document.createElement("input");
    box.type = "checkbox";
    box.id = "practica-no-soy-un-robot";
    box.addEventListener("change", async () => {
      answer.value = box.checked ? await askForToken(widget) : "";
    });

    const label = document.createElement("label");
    label.append(box, " Práctica: no soy un robot");
    label.style.cssText = "display:inline-block;padding:1rem 1.5rem;border:2px dashed #7a2e00;background:#fff8f2";
    widget.append(label, answer);
  };

  window.grecaptcha = {
    getResponse: () => document.getElementById(FIELD)?.value ?? "",
    reset: () => {
      document.getElementById(FIELD).value = "";
      document.getElementById("practica-no-soy-un-robot").checked = false;
    },
  };

  document.querySelectorAll(".g-recaptcha").forEach(draw);
})();
