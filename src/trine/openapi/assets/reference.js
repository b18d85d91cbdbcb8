// Starts ReDoc with the document that the page names.
"use strict";

const place = document.getElementById("redoc");
Redoc.init(place.dataset.url, {}, place);
