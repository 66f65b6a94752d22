/* The census page's own script, written for the practice site. It behaves as the real one does. */
(() => {
  "use strict";

  const form = document.getElementById("form");
  const outputs = ["success", "div_warning", "div_error"];

  const show = (id, html) => {
    for (const output of outputs) {
      document.getElementById(output).innerHTML = output === id ? html : "";
    }
  };

  const missing = () => {
    if (!form.nuip.value.trim()) {
      return "Digite el n&uacute;mero de identificaci&oacute;n";
    }
    if (document.querySelector(".g-recaptcha") && !(window.grecaptcha && grecaptcha.getResponse())) {
      return "Marque el cuadro de verificaci&oacute;n (Captcha: No soy un robot)";
    }
    return "";
  };

  const receive = (reply) => {
    if (reply.success) {
      show("success", reply.data.message);
    } else if (reply.reload) {
      location.reload();
    } else {
      show("div_error", reply.data.message);
    }
  };

  const ask = () =>
    fetch(location.href, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
    }).then((response) => response.json());

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const complaint = missing();
    if (complaint) {
      show("div_warning", complaint);
      return;
    }
    ask()
      .then(receive)
      .catch(() => show("div_error", "Ocurri&oacute; un error al procesar su solicitud"))
      // A captcha token is good once: who asks again by hand ticks the box again.
      .finally(() => window.grecaptcha && grecaptcha.reset());
  });
})();
