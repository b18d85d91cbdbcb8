// Starts Swagger UI with the settings that the page carries.
"use strict";

const place = document.getElementById("swagger-ui");
const settings = JSON.parse(place.dataset.settings);
settings.oauth2RedirectUrl = new URL(settings.oauth2RedirectUrl, location.href).href;

const dark = matchMedia("(prefers-color-scheme: dark)");
const followColours = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColours);
followColours();

const ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  ...settings,
});

if (place.dataset.oauth) {
  ui.initOAuth(JSON.parse(place.dataset.oauth));
}
