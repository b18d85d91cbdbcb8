// Starts ReDoc with the document that the page names, in the colours of the page.
"use strict";

const place = document.getElementById("redoc");
const colours = getComputedStyle(document.documentElement);
const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");
// ReDoc computes its styles once.
dark.addEventListener("change", () => location.reload());

Redoc.init(place.dataset.url, {
  nativeScrollbars: true,
  theme: {
    colors: {
      primary: { main: colour("accent") },
      text: { primary: colour("ink"), secondary: colour("quiet") },
      border: { light: colour("line"), dark: colour("line") },
      ...(dark.matches && {
        gray: { 50: "#1c2229", 100: "#252d36" },
        error: { main: "#ff8a8a" },
        success: { main: "#5fd38d" },
        responses: {
          success: { color: "#5fd38d", backgroundColor: "rgba(95, 211, 141, .1)", tabTextColor: "#5fd38d" },
          error: { color: "#ff8a8a", backgroundColor: "rgba(255, 138, 138, .1)", tabTextColor: "#ff8a8a" },
          redirect: { color: "#f3c969", backgroundColor: "rgba(243, 201, 105, .1)", tabTextColor: "#f3c969" },
          info: { color: "#8ab0ff", backgroundColor: "rgba(138, 176, 255, .1)", tabTextColor: "#8ab0ff" },
        },
      }),
    },
    schema: {
      nestedBackground: colour("panel"),
      linesColor: colour("line"),
      typeNameColor: colour("quiet"),
      typeTitleColor: colour("quiet"),
      requireLabelColor: dark.matches ? "#ff8a8a" : "#c81e1e",
    },
    sidebar: { backgroundColor: colour("panel"), textColor: colour("ink"), activeTextColor: colour("accent") },
    rightPanel: {
      backgroundColor: dark.matches ? "#0e1216" : "#1c2733",
      servers: {
        overlay: { backgroundColor: colour("panel"), textColor: colour("ink") },
        url: { backgroundColor: colour("paper") },
      },
    },
    fab: { backgroundColor: colour("panel"), color: colour("accent") },
    typography: {
      fontSize: "15px",
      fontFamily: colour("text"),
      headings: { fontFamily: colour("text"), fontWeight: "650" },
      code: { fontFamily: colour("code"), color: dark.matches ? "#ffb38a" : "#a8320a", backgroundColor: colour("panel") },
      links: { color: colour("accent"), visited: colour("accent"), hover: colour("accent") },
    },
  },
}, place);
