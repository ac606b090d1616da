// Starts Swagger UI; its own page would do this in an inline script, which our policy forbids.
"use strict";
const place = document.getElementById("swagger");
window.ui = SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  docExpansion: "list",
  tryItOutEnabled: false,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
